import BeatCore
import BeatLoop

/// Receives changes by CLIENT TRACKING in broadcast mode: the connection for commands switches it on and redirects its
/// reports to the feed's connection. A report names keys, but not what happened to them. Each of the two connections
/// depends on the other.
final class TrackingFeed: KeyFeed {
  let probeEvents = 1

  private let source: KeyFeedSource
  /// The channel of the reports.
  private let channel: String
  /// The connection for commands, which switches tracking on.
  private let commands: RedisConnection
  private let loop: EventLoop
  private let handle: (KeyFeedEvent) -> Void
  private var stream: NotificationStream?
  private var isOver = false

  init(
    _ source: KeyFeedSource, on channel: String, beside commands: RedisConnection, on loop: EventLoop,
    handle: @escaping (KeyFeedEvent) -> Void
  ) {
    self.source = source
    self.channel = channel
    self.commands = commands
    self.loop = loop
    self.handle = handle
  }

  func sessionStands() {}

  func close() {
    isOver = true
    stream?.close()
  }

  func open() {
    let stream = NotificationStream(to: source.endpoint, security: source.url.security, on: loop) { _, _ in
    } onClose: { [weak self] error in
      self?.fail(error.serverCode == "NOPERM" ? .deaf(error.message) : .lost(error.message))
    }
    self.stream = stream
    stream.handshake(source.url, clientName: source.clientName) { [weak self] error in
      guard error == nil, let self, !isOver else { return }
      stream.clientID { [weak self] id in
        guard let self, !isOver else { return }
        guard let id else { return fail(.deaf("CLIENT ID is refused")) }
        stream.hearInvalidations(on: channel) { [weak self] in
          self?.invalidated($0)
        } then: { [weak self] in
          self?.track(for: id)
        }
      }
    }
  }

  private func fail(_ failure: SessionFailure) {
    if !isOver { handle(.failed(failure)) }
  }

  private func track(for id: Int64) {
    var command = RedisCommand("CLIENT", "TRACKING", "ON", "REDIRECT", id, "BCAST")
    let keys = source.keys
    for prefix in [keys.prefix, keys.heartbeat(""), keys.lease, keys.manual, keys.application] {
      command.append("PREFIX")
      command.append(prefix)
    }
    commands.send(command) { [weak self] reply in
      // nil: the connection has died, and its owner reports that.
      guard let self, !isOver, let reply else { return }
      if let error = reply.error { return fail(.deaf("CLIENT TRACKING is refused: \(error.text)")) }
      handle(.open)
    }
  }

  private func invalidated(_ changed: [[UInt8]]?) {
    guard !isOver else { return }
    guard let changed else { return handle(.everything) }
    for key in changed {
      switch source.meaning(of: key) {
      case .document(let entry): handle(.document(entry))
      case .heartbeat:
        handle(.heartbeat)
        handle(.heartbeatEvent)
      case .lease: handle(.leaseFreed)
      case .requests: handle(.requested)
      case .application: handle(.applicationTouched)
      case .tooLong(let names): handle(.ignored(names))
      case .other: break
      }
    }
  }
}
