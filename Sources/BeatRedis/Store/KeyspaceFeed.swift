import BeatCore
import BeatLoop

/// Receives changes by keyspace notifications.
///
///     stream opened -> patterns confirmed: `.open`
///     closed by the server alone during a session -> opened again, at most once a second -> confirmed: `.missed`
///     closed in any other way -> `.failed`: the session ends
final class KeyspaceFeed: KeyFeed {
  /// The event that a fire raises, since it overwrites a document in place.
  static let inPlace = Array("setrange".utf8)
  /// The shortest time between two openings of the stream within a session; microseconds.
  private static let resubscriptionPeriod: Int64 = 1_000_000

  /// `set`, `expire` and `del`, of the classes $ and g.
  let probeEvents = 3

  private let source: KeyFeedSource
  private let loop: EventLoop
  private let handle: (KeyFeedEvent) -> Void

  private var stream: NotificationStream?
  /// The server has confirmed the stream's patterns.
  private var hears = false
  private var isKept = false
  /// When and why the last stream closed during the session.
  private var silenced: (at: BootTime, by: RedisConnectionError)?
  private lazy var resubscription = LoopTimer(on: loop) { [unowned self] in open() }
  /// False after this user was refused the events of the application's manifest, which a daemon can do without: it is
  /// then read at each load and audit.
  private var hearsApplication = true
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
    let patterns =
      hearsApplication ? keys.allSubscriptions(database: database) : keys.subscriptions(database: database)
    let channelPrefix = KeyspaceNotification.channelPrefix(database: database)
    // Of all the keys that the feed listens for, the documents' may be the longest.
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
      if hearsApplication {
        // An ACL that was written for an earlier version names all patterns but this one.
        hearsApplication = false
        return open()
      }
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
    case .application: handle(.applicationTouched)
    case .tooLong(let names): handle(.ignored(names))
    case .other: break
    }
  }

  /// A heartbeat's SET raises `set`, of class $, and `expire`, of class g. Only both together show that edits are
  /// received.
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

  /// Redis closes the stream alone if events come faster than they are read (`client-output-buffer-limit pubsub`). A
  /// daemon that goes on leading then still fires on time, and safely: a fire compares what it knows with what the
  /// store holds. Every other end of the stream ends the session, and so does a stream that cannot be opened again.
  private func streamClosed(_ error: RedisConnectionError) {
    guard isKept, hears, error.kind == .closedByServer else { return handle(.failed(.lost(error.message))) }
    hears = false
    let now = BootClock.now()
    // Each new stream makes the daemon read every document, so streams are opened at most once a period.
    let delay = silenced.map { Self.resubscriptionPeriod - now.microseconds(since: $0.at) } ?? 0
    silenced = (now, error)
    resubscription.schedule(after: max(0, delay))
  }
}
