import Glibc
import Synchronization

@testable import BeatRedis
@testable import ReactiveBeat

/// A unix socket in front of a server that understands the protocol. It answers chosen requests with an error of its
/// own, lets nothing through, lets the server's bytes through one at a time, or replaces replies.
final class FaultProxy: Sendable {
  /// What a request is for.
  enum Purpose: CaseIterable {
    case fire, read, heartbeat, scan

    fileprivate func isMeant(by words: [[UInt8]]) -> Bool {
      let script =
        switch self {
        case .fire: LuaScript(embedded: PackageResources.fire_lua)
        case .read: LuaScript(embedded: PackageResources.read_lua)
        case .heartbeat: LuaScript(embedded: PackageResources.heartbeat_lua)
        case .scan: LuaScript(embedded: PackageResources.names_lua)
        }
      if self == .scan, words.first == Array("SCAN".utf8) { return true }
      return words.count > 1 && (words[1] == Array(script.sha1.utf8) || words[1] == Array(script.source.utf8))
    }
  }

  private struct Faults {
    var error: (purpose: Purpose, line: [UInt8], count: Int)?
    /// Nothing passes, and no connection is closed.
    var isDead = false
    /// Messages of subscriptions do not pass.
    var isDeaf = false
    /// Milliseconds for each byte from the server; 0: no limit.
    var drip: Int32 = 0
    /// What is sent instead of a reply; nil: the reply itself.
    var lie: Lie?
    /// The error that every request is answered with.
    var state: [UInt8]?
    /// How many connections may be open; nil: any number.
    var limit: Int?
    /// Milliseconds after which a connection is closed that carries nothing; nil: never.
    var idle: Int64?
    /// How often all connections were closed.
    var cuts = 0
    var isOver = false
  }

  /// - Parameter words: the words of the request. They are empty for what a subscriber gets, which may begin within a
  /// push.
  typealias Lie = @Sendable (_ words: [[UInt8]], _ truth: [UInt8]) -> [UInt8]

  /// The path of the socket.
  let path: String
  private let asked = Atomic(0)
  private let listener: Int32
  private let serverPath: String
  private let faults = Mutex(Faults())
  private let thread = Mutex(pthread_t())
  private let provider: ManagedRedis?

  /// - Parameter provider: what is refused at all times; nil: nothing.
  init(to server: RedisServer, provider: ManagedRedis? = nil) throws {
    self.provider = provider
    path = server.folder + "/faults-\(UInt32.random(in: 0 ... .max)).sock"
    serverPath = server.socketPath
    listener = try unixSocket(at: path) { bind($0, $1, $2) }
    guard listen(listener, 16) == 0 else { throw Failure("listen on \(path)", errno) }
    // The thread does not keep its owner alive; `deinit` waits for its end.
    let owner = Unmanaged.passUnretained(self).toOpaque()
    thread.withLock { thread in
      _ = pthread_create(
        &thread, nil,
        { owner in
          if let owner { Unmanaged<FaultProxy>.fromOpaque(owner).takeUnretainedValue().serve() }
          return nil
        }, owner)
    }
  }

  deinit {
    faults.withLock { $0.isOver = true }
    thread.withLock { _ = pthread_join($0, nil) }
    close(listener)
    unlink(path)
  }

  /// The environment of a daemon that uses this proxy.
  var environment: [String: String] { environment(store: 1) }

  /// The same with another database as the store.
  func environment(store: Int) -> [String: String] {
    let socket = "redis+socket://\(path)?virtual_host="
    return ["CELERY_REDIS_SCHEDULER_URL": socket + "\(store)", "CELERY_BROKER_URL": socket + "0"]
  }

  /// The next requests for this purpose are not carried out, but answered with this error.
  func refuse(_ purpose: Purpose, _ error: String, count: Int = 1) {
    faults.withLock { $0.error = (purpose, Array("-\(error)\r\n".utf8), count) }
  }
  /// Whether all of those requests have come.
  var hasRefused: Bool { faults.withLock { $0.error == nil } }

  var isDead: Bool {
    get { faults.withLock { $0.isDead } }
    set { faults.withLock { $0.isDead = newValue } }
  }
  var isDeaf: Bool {
    get { faults.withLock { $0.isDeaf } }
    set { faults.withLock { $0.isDeaf = newValue } }
  }
  /// Every request is answered with this error, until nil is set.
  var state: String? {
    get { faults.withLock { $0.state.map { String(decoding: $0, as: UTF8.self) } } }
    set { faults.withLock { $0.state = newValue.map { Array("-\($0)\r\n".utf8) } } }
  }
  /// How many connections may be open at once; nil: any number.
  var limit: Int? {
    get { faults.withLock { $0.limit } }
    set { faults.withLock { $0.limit = newValue } }
  }
  /// Milliseconds after which a connection is closed that carries nothing; nil: never.
  var idle: Int64? {
    get { faults.withLock { $0.idle } }
    set { faults.withLock { $0.idle = newValue } }
  }
  /// Closes all connections; later ones work.
  func cut() { faults.withLock { $0.cuts += 1 } }
  /// The number of requests so far.
  var requests: Int { asked.load(ordering: .relaxed) }
  func lie(_ lie: Lie?) { faults.withLock { $0.lie = lie } }
  func drip(_ milliseconds: Int32) { faults.withLock { $0.drip = milliseconds } }

  // MARK: the thread

  private struct Pair {
    let client, server: Int32
    var requests: [UInt8] = []
    var replies: [UInt8] = []
    /// Bytes for the client that are not sent yet.
    var output: [UInt8] = []
    /// How each request that was sent is answered: by this line, or, if nil, by the server's reply.
    var answers: [(words: [[UInt8]], line: [UInt8]?)] = []
    var isSubscribed = false
    /// When it last carried something.
    var used = MonotonicTime.now()
  }

  private func serve() {
    var pairs: [Pair] = []
    var cuts = 0
    defer { for pair in pairs { for descriptor in [pair.client, pair.server] { close(descriptor) } } }
    while true {
      let now = faults.withLock { $0 }
      if now.isOver { return }
      // Descriptors that are not read from must not be polled, or the loop would spin.
      var requests = ([listener] + pairs.flatMap { [$0.client, $0.server] }).map {
        pollfd(fd: now.isDead ? -1 : $0, events: Int16(POLLIN), revents: 0)
      }
      for (index, pair) in pairs.enumerated() where now.isDeaf && pair.isSubscribed { requests[2 + 2 * index].fd = -1 }
      poll(&requests, nfds_t(requests.count), now.drip > 0 ? now.drip : 5)
      var ended: [Int] = []
      let time = MonotonicTime.now()
      for index in pairs.indices {
        if requests[1 + 2 * index].revents != 0 || requests[2 + 2 * index].revents != 0 { pairs[index].used = time }
        var isAlive =
          cuts == now.cuts && now.idle.map { time.microseconds(since: pairs[index].used) < $0 * 1000 } ?? true
        if isAlive, requests[1 + 2 * index].revents != 0 { isAlive = takeRequests(&pairs[index]) }
        if isAlive, requests[2 + 2 * index].revents != 0 { isAlive = takeReplies(&pairs[index]) }
        if isAlive, !now.isDead {
          let part = min(pairs[index].output.count, now.drip > 0 ? 1 : .max)
          isAlive = Self.send(Array(pairs[index].output.prefix(part)), to: pairs[index].client)
          pairs[index].output.removeFirst(part)
        }
        if !isAlive { ended.append(index) }
      }
      for index in ended.reversed() {
        let pair = pairs.remove(at: index)
        for descriptor in [pair.client, pair.server] { close(descriptor) }
      }
      cuts = now.cuts
      if requests[0].revents != 0, let pair = accept() {
        if let limit = now.limit, pairs.count >= limit {
          _ = Self.send(Array("-ERR max number of clients reached\r\n".utf8), to: pair.client)
          for descriptor in [pair.client, pair.server] { close(descriptor) }
        } else {
          pairs.append(pair)
        }
      }
    }
  }

  private func accept() -> Pair? {
    let client = Glibc.accept(listener, nil, nil)
    guard client >= 0 else { return nil }
    guard let server = try? unixSocket(at: serverPath, { connect($0, $1, $2) }) else {
      close(client)
      return nil
    }
    return Pair(client: client, server: server)
  }

  /// Returns false when client or server has closed the connection.
  private func takeRequests(_ pair: inout Pair) -> Bool {
    guard let bytes = Self.receive(pair.client) else { return false }
    pair.requests += bytes
    while let end = Wire.end(of: pair.requests) {
      let request = Array(pair.requests[..<end])
      pair.requests.removeFirst(end)
      let words = Wire.words(of: request)
      if ["PSUBSCRIBE", "SUBSCRIBE"].contains(words.first.map { String(decoding: $0, as: UTF8.self) }) {
        pair.isSubscribed = true
      }
      asked.add(1, ordering: .relaxed)
      if let line = refusal(of: words) {
        pair.answers.append((words, line))
      } else {
        pair.answers.append((words, nil))
        guard Self.send(request, to: pair.server) else { return false }
      }
    }
    answer(&pair)
    return true
  }

  private func refusal(of words: [[UInt8]]) -> [UInt8]? {
    if let line = provider?.answer(to: words) { return line }
    return faults.withLock { faults in
      if let state = faults.state { return state }
      guard let error = faults.error, error.purpose.isMeant(by: words) else { return nil }
      faults.error = error.count > 1 ? (error.purpose, error.line, error.count - 1) : nil
      return error.line
    }
  }

  private func takeReplies(_ pair: inout Pair) -> Bool {
    guard let bytes = Self.receive(pair.server) else { return false }
    if pair.isSubscribed { pair.output += lied([], bytes) } else { pair.replies += bytes }
    answer(&pair)
    return true
  }

  private func answer(_ pair: inout Pair) {
    while !pair.isSubscribed, let answer = pair.answers.first {
      if let line = answer.line {
        pair.output += line
      } else {
        guard let end = Wire.end(of: pair.replies) else { return }
        pair.output += lied(answer.words, Array(pair.replies[..<end]))
        pair.replies.removeFirst(end)
      }
      pair.answers.removeFirst()
    }
  }

  private func lied(_ words: [[UInt8]], _ truth: [UInt8]) -> [UInt8] {
    let isInfo = words.first == Array("INFO".utf8)
    let truth = isInfo ? provider?.censored(truth) ?? truth : truth
    let lie = faults.withLock { $0.lie }
    return lie?(words, truth) ?? truth
  }

  private static func receive(_ descriptor: Int32) -> [UInt8]? {
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    let count = recv(descriptor, &buffer, buffer.count, 0)
    return count > 0 ? Array(buffer[..<count]) : nil
  }

  private static func send(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
    var sent = 0
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBytes {
        Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { return false }
      sent += count
    }
    return true
  }
}
