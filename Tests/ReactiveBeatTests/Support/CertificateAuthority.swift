import Glibc

/// A test's own certificate authority, made by the `openssl` command in a folder that is removed with it.
final class CertificateAuthority {
  /// The PEM files of a certificate and its key.
  struct Certificate {
    let file: String
    let key: String
  }

  let folder: String
  /// The authority's certificate, which a client must trust.
  let file: String
  private var count = 0

  init() throws {
    var template = Array("/tmp/reactivebeat-test-ca-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw Failure("mkdtemp", errno) }
    folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    file = folder + "/ca.pem"
    try openssl(
      "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=A test's CA",
      "-days", "30", "-keyout", folder + "/ca.key", "-out", file)
  }

  deinit { removeFolder(folder) }

  /// Signs a new certificate.
  /// - Parameters:
  ///   - names: the host's names, as OpenSSL writes them: `DNS:localhost`, `IP:127.0.0.1`; nil: no subjectAltName.
  ///   - commonName: the CN of the subject.
  ///   - days: how long the certificate is valid; below 0 it has expired.
  func issue(
    _ names: String? = "DNS:localhost,IP:127.0.0.1", commonName: String = "test", days: Int = 10
  ) throws -> Certificate {
    count += 1
    let path = "\(folder)/\(count)"
    let certificate = Certificate(file: path + ".pem", key: path + ".key")
    try openssl(
      ["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=\(commonName)"]
        + (names.map { ["-addext", "subjectAltName=\($0)"] } ?? [])
        + ["-keyout", certificate.key, "-out", path + ".csr"])
    try openssl(
      "x509", "-req", "-in", path + ".csr", "-copy_extensions", "copy", "-CA", file, "-CAkey", folder + "/ca.key",
      "-CAcreateserial", "-days", "\(days)", "-out", certificate.file)
    return certificate
  }

  /// The path of the certificate's key, encrypted by a password.
  func encryptedKey(of certificate: Certificate) throws -> String {
    let path = certificate.key + ".encrypted"
    try openssl("pkcs8", "-topk8", "-in", certificate.key, "-passout", "pass:hunter2", "-out", path)
    return path
  }
}

/// The path of a command. A path is returned as it is.
func commandPath(_ name: String) throws -> String {
  if name.contains("/") { return name }
  let folders = (getenv("PATH").map { String(cString: $0) } ?? "").split(separator: ":")
  guard let folder = folders.first(where: { access("\($0)/\(name)", X_OK) == 0 }) else {
    throw Failure("there is no command \(name) on PATH: install its package", 0)
  }
  return "\(folder)/\(name)"
}

/// Runs the `openssl` command to its end.
private func openssl(_ arguments: String...) throws { try openssl(arguments) }

private func openssl(_ arguments: [String]) throws {
  let process = try ChildProcess([commandPath("openssl")] + arguments, environment: [:], output: -1)
  guard process.wait() == .status(0) else {
    throw Failure("this has failed: openssl \(arguments.joined(separator: " "))", 0)
  }
}

/// Removes a folder of plain files.
func removeFolder(_ folder: String) {
  guard let entries = opendir(folder) else { return }
  while let entry = readdir(entries) {
    let name = withUnsafePointer(to: &entry.pointee.d_name) {
      $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
    }
    if name != ".", name != ".." { unlink("\(folder)/\(name)") }
  }
  closedir(entries)
  rmdir(folder)
}
