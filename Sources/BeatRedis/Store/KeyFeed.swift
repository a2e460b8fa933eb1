import BeatCore

/// One way to receive the changes of the store's keys, on a connection of its own.
protocol KeyFeed: AnyObject {
  /// How many events a write and a deletion of this daemon's heartbeat raise.
  var probeEvents: Int { get }
  /// Begins to receive changes. `.open` follows, or `.failed`, after which nothing comes.
  func open()
  /// The session has begun: from now on the feed opens again by itself if the server closes only the feed.
  func sessionStands()
  /// Ends the feed: no event comes any more.
  func close()
}

/// What a feed listens to.
struct KeyFeedSource {
  let url: RedisURL
  /// The address of the store in this session.
  let endpoint: RedisEndpoint
  /// The connection's name in CLIENT LIST.
  let clientName: String
  let keys: RedisKeys
  /// The key of this daemon's heartbeat.
  let heartbeat: [UInt8]

  /// What the key of an event is used for.
  func meaning(of key: [UInt8]) -> HeardKey {
    if let entry = keys.entry(of: key) { return .document(entry) }
    if key == heartbeat { return .heartbeat }
    if key == keys.lease { return .lease }
    if key == keys.manual { return .requests }
    if key == keys.application { return .application }
    return keys.isTooLong(key) ? .tooLong(IgnoredNames(key.dropFirst(keys.prefix.count))) : .other
  }
}

enum HeardKey {
  case document(EntryName)
  /// A key of a document whose name is too long to be read.
  case tooLong(IgnoredNames)
  /// This daemon's own heartbeat.
  case heartbeat
  case lease
  case requests
  /// The application's manifest.
  case application
  case other
}

enum KeyFeedEvent {
  /// Every change from now on is received.
  case open
  case document(EntryName)
  /// A document was written in place.
  case documentInPlace(EntryName)
  /// A document whose name is too long to be read.
  case ignored(IgnoredNames)
  /// Every key may have changed.
  case everything
  /// One event of this daemon's heartbeat.
  case heartbeatEvent
  /// All events of a heartbeat have arrived.
  case heartbeat
  case leaseFreed
  case requested
  case applicationTouched
  /// Changes were missed for this reason; from now on they are received again.
  case missed(reason: String)
  case failed(SessionFailure)
}
