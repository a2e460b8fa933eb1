import BeatCore
import BeatLoop

/// Hears by keyspace notifications.
final class KeyspaceFeed: KeyFeed {
  /// The event of a fire, which writes a document in place.
  static let inPlace = Array("setrange".utf8)
  /// Microseconds.
  private static let resubscriptionPeriod: Int64 = 1_000_000

  /// `set`, `expire` and `del`: classes $ and g.
  let probeEvents = 3

  private let source: KeyFeedSource
  private let loop: EventLoop
  private let handle: (KeyFeedEvent) -> Void

  private var stream: NotificationStream?
  /// The stream's patterns are confirmed.
  private var hears = false
  private var isKept = false
  /// When and why the stream before closed, while the session went on.
  private var silenced: (at: BootTime, by: RedisConnectionError)?
  private lazy var resubscription = LoopTimer(on: loop) { [unowned self] in open() }
  private var hasHeardSet = false
  private var isOver = false

  init(_ source: KeyFeedSource, on loop: EventLoop, handle: @escaping (KeyFeedEvent) -> Void) {
    self.source = source
    self.loop = loop
    self.handle = handle
  }

  func sessionStands() { isKept = true }

  func close() {
    isOver = true
    resubscription.cancel()
    stream?.close()
  }

  func open() {
    let (url, keys) = (source.url, source.keys)
    let database = url.database
    let patterns = keys.subscriptions(database: database)
    let channelPrefix = KeyspaceNotification.channelPrefix(database: database)
    // Of all that we listen for, the documents' keys may be the longest.
    let longestKey = keys.longestDocumentKey + keys.ownPrefix.count
    let documents = KeyspaceNotification.channel(of: keys.prefix, database: database).count
    let stream = NotificationStream(to: source.endpoint, security: url.security, on: loop) {
      [weak self] channel, event in
      guard let self, !isOver else { return }
      guard let key = KeyspaceNotification(channel: channel, behind: channelPrefix, longest: longestKey)?.key else {
        return handle(.ignored(IgnoredNames(channel, behind: documents)))
      }
      heard(key, event)
    } onClose: { [weak self] error in
      guard let self, !isOver else { return }
      guard error.serverCode == "NOPERM" else { return streamClosed(error) }
      let channels = patterns.map { "&\(EntryName($0))" }.joined(separator: " ")
      handle(.failed(.notReady("\(error.message): it needs +psubscribe \(channels)")))
    }
    self.stream = stream
    stream.handshake(url, clientName: source.clientName) { [weak self] error in
      guard error == nil, let self, !isOver else { return }
      stream.psubscribe(patterns) { [weak self] in self?.subscribed() }
    }
  }

  private func heard(_ key: [UInt8], _ event: Span<UInt8>) {
    switch source.meaning(of: key) {
    case .document(let entry):
      handle(event.elementsEqual(Self.inPlace) ? .documentInPlace(entry) : .document(entry))
    case .heartbeat: beat(String(copying: event))
    case .lease: if ["del", "expired"].contains(String(copying: event)) { handle(.leaseFreed) }
    case .requests: handle(.requested)
    case .tooLong(let names): handle(.ignored(names))
    case .other: break
    }
  }

  /// A heartbeat's SET raises `set`, of class $, and `expire`, of class g. Only both say that edits are heard.
  private func beat(_ event: String) {
    if event == "set" {
      hasHeardSet = true
    } else if event == "expire", hasHeardSet {
      hasHeardSet = false
      handle(.heartbeat)
    }
    handle(.heartbeatEvent)
  }

  private func subscribed() {
    guard !isOver else { return }
    hears = true
    guard isKept, let silenced else { return handle(.open) }
    hasHeardSet = false
    handle(.missed(reason: "\(silenced.by)"))
  }

  /// Redis closes the stream alone where events come faster than they are read (`client-output-buffer-limit pubsub`). A
  /// daemon that goes on leading meanwhile fires on time: a fire compares what it knows with what stands in the store.
  /// Whatever else becomes of the stream ends the session, and so does one that cannot be had again.
  private func streamClosed(_ error: RedisConnectionError) {
    guard isKept, hears, error.kind == .closedByServer else { return handle(.failed(.lost(error.message))) }
    hears = false
    let now = BootClock.now()
    // Each time every document is read again.
    let delay = silenced.map { Self.resubscriptionPeriod - now.microseconds(since: $0.at) } ?? 0
    silenced = (now, error)
    resubscription.schedule(after: max(0, delay))
  }
}
