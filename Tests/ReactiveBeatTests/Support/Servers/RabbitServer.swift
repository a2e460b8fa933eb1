import Glibc

/// A private RabbitMQ with its own folder and ports.
///
/// A server takes 5 s to start (20 s on a busy machine) and 130 MB. So tests share one, with a virtual host each, and only
/// those that stop or fill it have one of their own.
final class RabbitServer: Sendable {
  /// A user and the password.
  struct User: Sendable {
    var name: String
    var password: String

    /// The user whom every new server knows, with all rights.
    static let guest = Self(name: "guest", password: "guest")
  }

  /// The TCP port on 127.0.0.1.
  var port: UInt16 { place.port }
  /// The port of a server that was started with certificates.
  var tlsPort: UInt16 { place.tlsPort }
  var folder: String { process.folder }
  /// The server's process id, or 0 when it does not run.
  var pid: pid_t { process.pid }

  let place: RabbitProgram.Place
  let cookie: String
  private let process: ServerProcess
  private let epmd: ServerProcess

  private static let one = Result { try RabbitServer() }

  /// The server of all tests of this process. A test takes a virtual host of its own there (`newVirtualHost`), and neither
  /// stops the server nor raises an alarm.
  static func shared() throws -> RabbitServer { try one.get() }

  /// Starts a server and waits until it takes connections.
  init(_ setting: RabbitProgram.Setting = .init()) throws {
    process = try ServerProcess()
    epmd = try ServerProcess()
    place = try RabbitProgram.Place(folder: process.folder)
    cookie = String((0..<20).map { _ in Character(UnicodeScalar(UInt8.random(in: 65...90))) })
    try RabbitProgram.configure(place, setting, cookie: cookie)
    try epmd.start(RabbitProgram.epmd(place), log: "nowhere") { Self.listens(place.epmdPort) }
    try start()
  }

  /// Starts the server again after `kill()` or `stop()`, with what it has stored.
  func start() throws {
    let log = folder + "/output"
    try process.start(
      ["sh", "-c", "exec \"$@\" >>\"$0\" 2>&1", log] + RabbitProgram.server(place), seconds: 120, log: log
    ) { Self.isReady(port) }
  }

  /// Kills the server with SIGKILL. What it has confirmed stays: it is in the kernel's hands.
  func kill() { process.kill() }

  /// Ends the server in an orderly way, which takes 2 s.
  func stop() { process.terminate() }

  /// Ends the broker, and starts it again within the same Erlang, which takes 1.5 s. Clients see the same as of `stop()`:
  /// their connections are closed with 320, CONNECTION_FORCED.
  func restart() throws { try evaluate("rabbit:stop(), rabbit:start()") }

  /// Freezes the server: its sockets still accept connections, since the kernel does that, but no frame is answered.
  func suspend() { process.suspend() }
  /// Lets a frozen server go on.
  func resume() { process.resume() }

  /// A URL for a virtual host of this server.
  func url(virtualHost: String = "/", user: User = .guest, tls: Bool = false) -> String {
    let credentials = [user.name, user.password].map(Self.encoded).joined(separator: ":")
    let server = tls ? "localhost:\(tlsPort)" : "127.0.0.1:\(port)"
    return "\(tls ? "amqps" : "amqp")://\(credentials)@\(server)/\(Self.encoded(virtualHost))"
  }

  private static func encoded(_ text: String) -> String {
    text.utf8.reduce(into: "") { encoded, byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
        encoded.unicodeScalars.append(UnicodeScalar(byte))
      default: encoded += (byte < 16 ? "%0" : "%") + String(byte, radix: 16, uppercase: true)
      }
    }
  }

  private static func listens(_ port: UInt16) -> Bool {
    guard let descriptor = localConnection(port) else { return false }
    close(descriptor)
    return true
  }

  /// Whether the server answers AMQP's first bytes with `connection.start`, method 10 of class 10.
  private static func isReady(_ port: UInt16) -> Bool {
    guard let descriptor = localConnection(port) else { return false }
    defer { close(descriptor) }
    let header = Array("AMQP".utf8) + [0, 0, 9, 1]
    guard send(descriptor, header, header.count, Int32(MSG_NOSIGNAL)) == header.count else { return false }
    // A frame's type, channel and size; the class and the method.
    var start = [UInt8](repeating: 0, count: 11)
    guard recv(descriptor, &start, start.count, Int32(MSG_WAITALL)) == start.count else { return false }
    return start[0] == 1 && start[7...] == [0, 10, 0, 10]
  }
}
