import Glibc
import Synchronization

/// A unix socket in front of a server. It passes everything on, and on demand loses the server's replies or cuts the
/// connections: faults of a network that a local server does not have.
final class RedisProxy: Sendable {
  /// The path of the socket.
  let path: String
  private let listener: Int32
  private let serverPath: String
  /// Sends a byte to the serving thread: `c` cuts all connections, and the end of the stream ends the thread.
  private let control: Int32
  private let controlled: Int32
  private let losesReplies = Atomic(false)
  private let thread = Mutex(pthread_t())

  /// - Parameter name: distinguishes several proxies of one server.
  init(to server: RedisServer, name: String = "proxy") throws {
    path = "\(server.folder)/\(name).sock"
    serverPath = server.socketPath
    listener = try unixSocket(at: path) { bind($0, $1, $2) }
    guard listen(listener, 16) == 0 else { throw Failure("listen on \(path)", errno) }
    var ends: [Int32] = [-1, -1]
    socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends)
    (control, controlled) = (ends[0], ends[1])
    // The thread does not keep its owner alive; `deinit` waits for its end.
    let owner = Unmanaged.passUnretained(self).toOpaque()
    thread.withLock { thread in
      _ = pthread_create(
        &thread, nil,
        { owner in
          if let owner { Unmanaged<RedisProxy>.fromOpaque(owner).takeUnretainedValue().serve() }
          return nil
        }, owner)
    }
  }

  deinit {
    close(control)
    thread.withLock { _ = pthread_join($0, nil) }
    for descriptor in [listener, controlled] { close(descriptor) }
    unlink(path)
  }

  /// From now on the server's replies do not arrive.
  func loseReplies() { losesReplies.store(true, ordering: .relaxed) }

  /// Ends all connections; later ones work.
  func cut() {
    write(control, "c", 1)
  }

  private func serve() {
    var pairs: [(client: Int32, server: Int32)] = []
    func closeAll() {
      for pair in pairs { for descriptor in [pair.client, pair.server] { close(descriptor) } }
      pairs = []
    }
    defer { closeAll() }
    while true {
      var requests = ([controlled, listener] + pairs.flatMap { [$0.client, $0.server] }).map {
        pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
      }
      poll(&requests, nfds_t(requests.count), -1)
      if requests[0].revents != 0 {
        var word: UInt8 = 0
        guard recv(controlled, &word, 1, 0) == 1 else { return }
        closeAll()
        losesReplies.store(false, ordering: .relaxed)
        continue
      }
      var ended: [Int] = []
      for (index, pair) in pairs.enumerated() {
        let isAlive =
          (requests[2 + 2 * index].revents == 0 || pass(from: pair.client, to: pair.server))
          && (requests[3 + 2 * index].revents == 0
            || pass(from: pair.server, to: losesReplies.load(ordering: .relaxed) ? nil : pair.client))
        if !isAlive { ended.append(index) }
      }
      for index in ended.reversed() {
        let pair = pairs.remove(at: index)
        for descriptor in [pair.client, pair.server] { close(descriptor) }
      }
      if requests[1].revents != 0, let pair = accept() { pairs.append(pair) }
    }
  }

  private func accept() -> (client: Int32, server: Int32)? {
    let client = Glibc.accept(listener, nil, nil)
    guard client >= 0 else { return nil }
    guard let server = try? unixSocket(at: serverPath, { connect($0, $1, $2) }) else {
      close(client)
      return nil
    }
    return (client, server)
  }

  /// Returns false when one of the two sides has closed.
  private func pass(from: Int32, to: Int32?) -> Bool {
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    let count = recv(from, &buffer, buffer.count, 0)
    guard count > 0 else { return false }
    guard let to else { return true }
    var sent = 0
    while sent < count {
      let written = buffer[sent..<count].withUnsafeBytes { send(to, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      guard written > 0 else { return false }
      sent += written
    }
    return true
  }
}
