import Glibc

/// What makes a `SentinelStage` speak TLS in both directions, with a user of its own for everyone: the files of
/// certificates, which can be replaced in their place, and the log-ins.
final class TLSSentinels {
  /// Who shows a certificate.
  enum Owner: String { case servers, sentinels, daemon }

  /// The sentinels' user for each other and for the test.
  static let user = "watch"
  let sentinelPassword = "watch-hunter2"
  /// The password of the servers' user `default`, which the sentinels and the replica have.
  let serverPassword = "root-hunter2"

  private let folder: String
  private(set) var authority: CertificateAuthority
  private var before: CertificateAuthority?

  /// - Parameter names: of the servers' certificates.
  init(names: String = "DNS:localhost,IP:127.0.0.1") throws {
    authority = try CertificateAuthority()
    var template = Array("/tmp/reactivebeat-test-tls-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw Failure("mkdtemp", errno) }
    folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    try trust([authority])
    try issue(.servers, names: names)
    try issue(.sentinels)
    try issue(.daemon, names: "DNS:beat")
  }

  deinit { removeFolder(folder) }

  // MARK: the files

  func file(_ owner: Owner) -> String { "\(folder)/\(owner.rawValue).pem" }
  func key(_ owner: Owner) -> String { "\(folder)/\(owner.rawValue).key" }
  private var trusted: String { folder + "/trusted.pem" }

  /// Puts a new certificate of the present authority in the place of the old one.
  func issue(_ owner: Owner, names: String = "DNS:localhost,IP:127.0.0.1", days: Int = 10) throws {
    let certificate = try authority.issue(names, days: days)
    try replace(key(owner), by: [certificate.key])
    try replace(file(owner), by: [certificate.file])
  }

  /// From now on new certificates are of another authority. Both are trusted until `forgetOldAuthority`.
  func changeAuthority() throws {
    let new = try CertificateAuthority()
    try trust([authority, new])
    (before, authority) = (authority, new)
  }

  func forgetOldAuthority() throws {
    try trust([authority])
    before = nil
  }

  private func trust(_ authorities: [CertificateAuthority]) throws { try replace(trusted, by: authorities.map(\.file)) }

  /// Writes a new file and gives it the name of the old one, as renewals do.
  private func replace(_ path: String, by sources: [String]) throws {
    let new = path + ".new"
    guard let output = fopen(new, "we") else { throw Failure(new, errno) }
    for source in sources {
      guard let input = fopen(source, "re") else { throw Failure(source, errno) }
      var line = [CChar](repeating: 0, count: 4096)
      while fgets(&line, Int32(line.count), input) != nil { fputs(line, output) }
      fclose(input)
    }
    fclose(output)
    guard rename(new, path) == 0 else { throw Failure(path, errno) }
  }

  // MARK: settings

  /// redis-server's options. The daemon's user may not do what `default` may.
  func server(_ port: UInt16) -> [String] {
    [
      "--port", "0", "--tls-port", "\(port)", "--tls-cert-file", file(.servers), "--tls-key-file", key(.servers),
      "--tls-ca-cert-file", trusted, "--tls-auth-clients", "yes", "--tls-replication", "yes",
      "--requirepass", serverPassword, "--masterauth", serverPassword,
      "--user", "beat", "on", ">beat-hunter2", "~*", "&*", "+@all", "-@admin", "+config|get", "+config|set",
    ]
  }

  /// The lines of a sentinel's file. The daemon's user may only ask for the primary.
  func sentinel(_ port: UInt16) -> String {
    """
    port 0
    tls-port \(port)
    tls-cert-file \(file(.sentinels))
    tls-key-file \(key(.sentinels))
    tls-ca-cert-file \(trusted)
    tls-auth-clients yes
    tls-replication yes
    user default off
    user \(Self.user) on >\(sentinelPassword) allchannels +@all
    user ask on >ask-hunter2 -@all +sentinel|get-master-addr-by-name +client|setname
    sentinel sentinel-user \(Self.user)
    sentinel sentinel-pass \(sentinelPassword)
    """
  }

  /// The lines that follow the one that names the primary.
  var sentinelLogins: String { "sentinel auth-pass mymaster \(serverPassword)" }

  /// The daemon's log-in at the servers, before the host in a URL.
  let login = "beat:beat-hunter2@"
  /// The daemon's options in a URL of sentinels.
  var options: String {
    "?master_name=mymaster&sentinel_username=ask&sentinel_password=ask-hunter2&ssl_ca_certs=\(trusted)"
      + "&ssl_certfile=\(file(.daemon))&ssl_keyfile=\(key(.daemon))"
  }

  /// Lets a server read the files again.
  func reload(_ server: RedisServer) throws {
    let reply = try server.client()(
      "CONFIG", "SET", "tls-cert-file", file(.servers), "tls-key-file", key(.servers), "tls-ca-cert-file", trusted)
    guard reply?.isOK == true else { throw Failure("CONFIG SET tls-cert-file: \(String(describing: reply))", 0) }
  }
}
