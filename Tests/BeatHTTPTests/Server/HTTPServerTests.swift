import Glibc
import Testing

@testable import BeatHTTP
@testable import BeatLoop

/// The server on real sockets.
@Suite struct HTTPServerTests {
  /// Sends bytes to an address from a thread of its own, and returns all that comes until the end.
  private func ask(_ server: (EventLoop) throws -> HTTPServer, _ text: String, endsInput: Bool = false) throws -> String
  {
    let loop = try EventLoop()
    let server = try server(loop)
    defer { server.close() }
    let mailbox = try LoopMailbox(on: loop)
    defer { mailbox.close() }
    let (sender, address) = (mailbox.sender, server.address)
    nonisolated(unsafe) var answer = ""
    nonisolated(unsafe) let ends = { loop.stop() }
    try OwnThread.start {
      let text = Self.exchange(with: address, text, endsInput)
      sender.post {
        answer = text
        ends()
      }
    }
    loop.run()
    return answer
  }

  private static func exchange(with address: ListenAddress, _ text: String, _ endsInput: Bool) -> String {
    let descriptor: Int32
    switch address {
    case .address(let host, let port):
      descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
      var target = sockaddr_in()
      target.sin_family = sa_family_t(AF_INET)
      target.sin_port = port.bigEndian
      inet_pton(AF_INET, host == "::" ? "127.0.0.1" : host, &target.sin_addr)
      _ = withUnsafePointer(to: &target) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
      }
    case .path(let path):
      descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
      var target = sockaddr_un()
      target.sun_family = sa_family_t(AF_UNIX)
      withUnsafeMutableBytes(of: &target.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
      _ = withUnsafePointer(to: &target) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
      }
    }
    defer { close(descriptor) }
    let bytes = Array(text.utf8)
    send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    if endsInput { shutdown(descriptor, Int32(SHUT_WR)) }
    var answer: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = recv(descriptor, &buffer, buffer.count, 0)
      guard count > 0 else { break }
      answer += buffer[..<count]
    }
    return String(decoding: answer, as: UTF8.self)
  }

  private func server(
    _ address: String, limits: HTTPLimits = HTTPLimits(), _ body: [UInt8] = Array("hello".utf8)
  ) -> (EventLoop) throws -> HTTPServer {
    { loop in
      let service = HTTPService {
        $0.respond(HTTPResponse(.ok, type: "text/plain", fields: [("X-Peer", "\($0.peer)")], body: body))
      }
      return try HTTPServer(on: try ListenAddress(address), limits: limits, loop: loop, service)
    }
  }

  @Test("it answers by TCP, on one address and on all")
  func tcp() throws {
    for address in ["127.0.0.1:0", "*:0", "localhost:0"] {
      let answer = try ask(server(address), "GET / HTTP/1.0\r\n\r\n")
      #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n") && answer.hasSuffix("\r\n\r\nhello"))
      #expect(answer.contains("X-Peer: 127.0.0.1\r\n"))
    }
  }

  @Test("a client that ends its own side first still gets its answer")
  func halfClosed() throws {
    let answer = try ask(server("127.0.0.1:0"), "GET / HTTP/1.0\r\n\r\n", endsInput: true)
    #expect(answer.hasSuffix("\r\n\r\nhello"))
  }

  @Test("a long answer arrives whole before the connection ends")
  func long() throws {
    let body = [UInt8](repeating: 97, count: 5_000_000)
    let answer = try ask(server("127.0.0.1:0", body), "GET / HTTP/1.0\r\n\r\n")
    #expect(answer.utf8.count > body.count && answer.hasSuffix("aaa"))
  }

  @Test("a client that is still sending gets the refusal")
  func refusal() throws {
    let answer = try ask(
      server("127.0.0.1:0"),
      "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 300000\r\n\r\n" + String(repeating: "a", count: 300_000),
      endsInput: true)
    #expect(answer.hasPrefix("HTTP/1.1 413 "))
  }

  @Test("it answers by a Unix socket, in the place of one that was left behind, and takes the file along")
  func unix() throws {
    let path = "/tmp/reactivebeat-http-\(getpid()).sock"
    // A socket whose process has ended.
    let left = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    var target = sockaddr_un()
    target.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &target.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
    let bound = withUnsafePointer(to: &target) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(left, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    close(left)
    #expect(bound == 0)
    let answer = try ask(server("unix:\(path)"), "GET / HTTP/1.0\r\n\r\n")
    #expect(answer.hasSuffix("\r\n\r\nhello") && answer.contains("X-Peer: a local process"))
    #expect(access(path, F_OK) != 0)
  }

  @Test("an address that is another's is refused with what to do")
  func taken() throws {
    let loop = try EventLoop()
    let first = try server("127.0.0.1:0")(loop)
    defer { first.close() }
    let message = #expect(throws: EventLoopError.self) { _ = try server("\(first.address)")(loop) }
    #expect(message?.description.contains("another process does. Stop it, or choose another port") == true)

    let path = "/tmp/reactivebeat-taken-\(getpid()).sock"
    let local = try server("unix:\(path)")(loop)
    defer { local.close() }
    #expect(throws: EventLoopError.self) { _ = try server("unix:\(path)")(loop) }
    #expect(access(path, F_OK) == 0)
    #expect(throws: EventLoopError.self) { _ = try server("unix:/etc/hostname")(loop) }
    #expect(access("/etc/hostname", F_OK) == 0)
  }

  @Test(
    "addresses are read",
    arguments: [
      ("127.0.0.1:9808", "127.0.0.1:9808", true), ("localhost:1", "127.0.0.1:1", true), ("[::1]:9", "[::1]:9", true),
      ("*:9808", "*:9808", false), ("0.0.0.0:80", "0.0.0.0:80", false), ("10.0.0.1:80", "10.0.0.1:80", false),
      ("unix:/run/a.sock", "unix:/run/a.sock", true),
    ])
  func addresses(text: String, shown: String, isLocal: Bool) throws {
    let address = try ListenAddress(text)
    #expect(address.description == shown && address.isLocal == isLocal)
  }

  @Test(
    "what is no address is refused",
    arguments: [
      "", "9808", ":9808", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:+1", "::1:80",
      "host.example:80", "[127.0.0.1]:80", "unix:", "unix:relative", "unix:/\(String(repeating: "a", count: 107))",
    ])
  func noAddress(_ text: String) {
    #expect(throws: ListenAddress.Problem.self) { _ = try ListenAddress(text) }
  }
}
