import Glibc

/// A private SecantusDB, which stands in for mongod: it speaks MongoDB's protocol, with change streams, users and TLS. It
/// is one node alone, so what only a replica set of several shows (failover, rollback, waiting for a majority) no test
/// shows. `scripts/test --mongod PATH` has a real mongod in its place, a replica set of one node.
final class MongoServer: Sendable {
  /// A user whom the server knows, with all rights.
  struct User: Sendable {
    var name = "beat"
    var password = "hunter2-secret"
  }

  /// The TCP port on 127.0.0.1.
  let port: UInt16
  private let process: ServerProcess
  private let command: [String]
  private let certificate: (file: String, key: String)?

  var folder: String { process.folder }
  /// The server's process id, or 0 when it does not run.
  var pid: pid_t { process.pid }

  /// Starts a server and waits until it takes writes.
  ///
  /// - Parameters:
  ///   - isStandalone: it does not say that it is a replica set, and has no change streams.
  ///   - user: only this user gets in.
  ///   - certificate: the PEM files of a certificate and its key; it speaks TLS only.
  init(
    isStandalone: Bool = false, user: User? = nil, certificate: (file: String, key: String)? = nil
  ) throws {
    process = try ServerProcess()
    port = try RedisServer.freePort()
    self.certificate = certificate
    let setting = MongoProgram.Setting(isStandalone: isStandalone, certificate: certificate, hasUsers: user != nil)
    command = try MongoProgram.command(port: port, folder: process.folder, setting)
    let isNewMember = MongoProgram.mongod != nil && !isStandalone
    if let user {
      // Users are made while the server asks for none, and the set is.
      let open = try MongoProgram.command(port: port, folder: process.folder, .init(isStandalone: isStandalone))
      try start(open, isNewMember: isNewMember, tls: false)
      try python(
        "c.admin.command('createUser', '\(user.name)', pwd='\(user.password)', roles=['root'])", tls: false)
      process.kill()
    }
    try start(command, isNewMember: isNewMember && user == nil, tls: certificate != nil)
  }

  /// Starts the server again after `kill()`, with what it has stored.
  func start() throws { try start(command, isNewMember: false, tls: certificate != nil) }

  private func start(_ command: [String], isNewMember: Bool, tls: Bool) throws {
    let log = process.folder + "/log"
    try process.start(["sh", "-c", "exec \"$@\" >>\"$0\" 2>&1", log] + command, seconds: 60, log: log) {
      MongoProgram.mongod != nil || tls ? Self.listens(port) : Self.isReady(port)
    }
    guard MongoProgram.mongod != nil else { return }
    try python((isNewMember ? MongoProgram.initiation(port: port) + "\n" : "") + MongoProgram.election, tls: tls)
  }

  /// Kills the server with SIGKILL. Of the writes that it has acknowledged, only those with `j: true` are sure to stay.
  func kill() { process.kill() }

  /// Freezes the server: its socket still accepts connections, since the kernel does that, but no request is answered.
  func suspend() { process.suspend() }
  /// Lets a frozen server go on.
  func resume() { process.resume() }

  /// A URL for a database of this server, or by way of a proxy.
  func url(
    by proxy: ServerProxy? = nil, _ options: String = "", database: String = "celery", user: User? = nil
  ) -> String {
    let credentials = user.map { "\($0.name):\($0.password)@" } ?? ""
    let host = proxy?.path.split(separator: "/").reduce("") { $0 + "%2F" + $1 } ?? "127.0.0.1:\(port)"
    return "mongodb://\(credentials)\(host)/\(database)\(options.isEmpty ? "" : "?\(options)")"
  }

  /// Runs lines of Python in which `c` is pymongo's client of this server.
  func python(_ lines: String, user: User? = nil) throws { try python(lines, user: user, tls: certificate != nil) }

  private func python(_ lines: String, user: User? = nil, tls: Bool) throws {
    let options =
      "directConnection=true" + (tls ? "&tls=true&tlsInsecure=true" : "") + (user == nil ? "" : "&authSource=admin")
    let script = "import pymongo\nc = pymongo.MongoClient('\(url(options, user: user))')\n\(lines)"
    let pid = try spawn([MongoProgram.tool("python"), "-c", script], input: -1)
    var status: Int32 = 0
    waitpid(pid, &status, 0)
    guard status == 0 else { throw Failure("this has failed in Python: \(lines)", 0) }
  }

  /// What a request's first bytes say: its command and the collection, "" for a command without one; nil: no request.
  /// The proxy's `loseReply` gets such bytes.
  static func command(in request: [UInt8]) -> (name: String, collection: String)? {
    // The header of an OP_MSG, its flags, the kind of its first section, that document's length, the first member.
    guard request.count > 26, Array(request[12..<16]) == [0xDD, 7, 0, 0], request[20] == 0 else { return nil }
    func text(from start: Int) -> String {
      String(decoding: request[min(start, request.count)...].prefix { $0 != 0 }, as: UTF8.self)
    }
    let name = text(from: 26)
    return (name, request[25] == 0x02 ? text(from: 26 + name.utf8.count + 5) : "")
  }

  /// Whether the server answers a `ping`.
  private static func isReady(_ port: UInt16) -> Bool {
    guard let descriptor = localConnection(port) else { return false }
    defer { close(descriptor) }
    // {ping: 1, $db: "admin"}
    let document: [UInt8] =
      [30, 0, 0, 0, 0x10] + Array("ping".utf8) + [0, 1, 0, 0, 0, 0x02] + Array("$db".utf8) + [0, 6, 0, 0, 0]
      + Array("admin".utf8) + [0, 0]
    // The header of an OP_MSG, and its one section.
    let message: [UInt8] =
      [UInt8(21 + document.count), 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0xDD, 7, 0, 0, 0, 0, 0, 0, 0] + document
    guard send(descriptor, message, message.count, Int32(MSG_NOSIGNAL)) == message.count else { return false }
    var byte: UInt8 = 0
    return recv(descriptor, &byte, 1, 0) == 1
  }

  private static func listens(_ port: UInt16) -> Bool {
    guard let descriptor = localConnection(port) else { return false }
    close(descriptor)
    return true
  }
}
