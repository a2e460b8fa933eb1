import Glibc

@testable import ReactiveBeat

/// A listener that answers the first bytes of a client with `greeting`.
func withFakeServer(greeting: String, _ body: (RedisEndpoint) throws -> Void) throws {
  let path = "/tmp/reactivebeat-fake-\(getpid())-\(UInt32.random(in: 0 ... .max)).sock"
  let listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
  var address = sockaddr_un()
  address.sun_family = sa_family_t(AF_UNIX)
  withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
  withUnsafePointer(to: &address) {
    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
      _ = bind(listener, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
    }
  }
  listen(listener, 5)
  defer { unlink(path) }
  let speaker = FakeServer(listener: listener, greeting: greeting)
  speaker.start()
  defer { speaker.finish() }
  try body(.unix(path: path))
}

/// Serves one connection on its own thread.
private final class FakeServer: @unchecked Sendable {  // All constant but `thread`, which only its starter uses.
  private let listener: Int32
  private let greeting: [UInt8]
  private var thread = pthread_t()

  init(listener: Int32, greeting: String) {
    self.listener = listener
    self.greeting = Array(greeting.utf8)
  }

  func start() {
    pthread_create(
      &thread, nil,
      { context in
        if let context { Unmanaged<FakeServer>.fromOpaque(context).takeRetainedValue().serve() }
        return nil
      }, Unmanaged.passRetained(self).toOpaque())
  }

  func finish() {
    shutdown(listener, Int32(SHUT_RDWR))
    pthread_join(thread, nil)
    close(listener)
  }

  private func serve() {
    let peer = accept(listener, nil, nil)
    guard peer >= 0 else { return }
    var buffer = [UInt8](repeating: 0, count: 1024)
    _ = recv(peer, &buffer, buffer.count, 0)
    var sent = 0
    while sent < greeting.count {
      let count = greeting[sent...].withUnsafeBytes { send(peer, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      if count <= 0 { break }
      sent += count
    }
    _ = recv(peer, &buffer, buffer.count, 0)
    close(peer)
  }
}
