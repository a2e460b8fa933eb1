import Glibc
import Synchronization

/// A unix socket in front of a server. It passes everything on, and on demand loses the server's replies or cuts the
/// connections: faults of a network that a local server does not have.
final class ServerProxy: Sendable {
  /// The path of the socket.
  let path: String
  private let listener: Int32
  private let dial: @Sendable () -> Int32?
  /// Sends a byte to the serving thread: `c` cuts all connections, and the end of the stream ends the thread.
  private let control: Int32
  private let controlled: Int32
  private let losesReplies = Atomic(false)
  /// Whether all replies are lost from this request on.
  private let losesFrom = Mutex<(@Sendable ([UInt8]) -> Bool)?>(nil)
  /// Whether the reply to this request is lost.
  private let losesReply = Mutex<(@Sendable ([UInt8]) -> Bool)?>(nil)
  private let thread = Mutex(pthread_t())

  /// - Parameter name: distinguishes several proxies of one server.
  convenience init(to server: RedisServer, name: String = "proxy") throws {
    let path = server.socketPath
    try self.init(at: "\(server.folder)/\(name).sock") { try? unixSocket(at: path) { connect($0, $1, $2) } }
  }

  /// - Parameter name: distinguishes several proxies of one server.
  convenience init(to server: MongoServer, name: String = "proxy") throws {
    let port = server.port
    try self.init(at: "\(server.folder)/\(name).sock") { localConnection(port) }
  }

  private init(at path: String, _ dial: @escaping @Sendable () -> Int32?) throws {
    self.path = path
    self.dial = dial
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
          if let owner { Unmanaged<ServerProxy>.fromOpaque(owner).takeUnretainedValue().serve() }
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

  /// From the first request on that `isMeant` says, the server's replies do not arrive.
  ///
  /// - Parameter isMeant: gets a request as it comes in, at most its first 64 KiB.
  func loseReplies(from isMeant: @escaping @Sendable ([UInt8]) -> Bool) { losesFrom.withLock { $0 = isMeant } }

  /// Cuts the connection in place of the reply to the next request that `isMeant` says: the server has carried it out,
  /// and the client cannot know.
  ///
  /// - Parameter isMeant: gets a request as it comes in, at most its first 64 KiB.
  func loseReply(to isMeant: @escaping @Sendable ([UInt8]) -> Bool) { losesReply.withLock { $0 = isMeant } }

  /// Ends all connections; later ones work.
  func cut() {
    write(control, "c", 1)
  }

  private func serve() {
    var pairs: [(client: Int32, server: Int32, losesReply: Bool)] = []
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
          (requests[3 + 2 * index].revents == 0
            || !pair.losesReply
              && pass(from: pair.server, to: losesReplies.load(ordering: .relaxed) ? nil : pair.client))
          && (requests[2 + 2 * index].revents == 0
            || pass(from: pair.client, to: pair.server) { if isMeant($0) { pairs[index].losesReply = true } })
        if !isAlive { ended.append(index) }
      }
      for index in ended.reversed() {
        let pair = pairs.remove(at: index)
        for descriptor in [pair.client, pair.server] { close(descriptor) }
      }
      if requests[1].revents != 0, let (client, server) = accept() { pairs.append((client, server, false)) }
    }
  }

  private func accept() -> (client: Int32, server: Int32)? {
    let client = Glibc.accept(listener, nil, nil)
    guard client >= 0 else { return nil }
    guard let server = dial() else {
      close(client)
      return nil
    }
    return (client, server)
  }

  /// Whether the reply to a request must be lost. It is true once.
  private func isMeant(_ request: [UInt8]) -> Bool {
    losesFrom.withLock { isMeant in
      guard let condition = isMeant, condition(request) else { return }
      isMeant = nil
      loseReplies()
    }
    return losesOne(request)
  }

  private func losesOne(_ request: [UInt8]) -> Bool {
    losesReply.withLock { isMeant in
      guard let condition = isMeant, condition(request) else { return false }
      isMeant = nil
      return true
    }
  }

  /// Returns false when one of the two sides has closed.
  private func pass(from: Int32, to: Int32?, looking look: ([UInt8]) -> Void = { _ in }) -> Bool {
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    let count = recv(from, &buffer, buffer.count, 0)
    guard count > 0 else { return false }
    look(Array(buffer[..<count]))
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
