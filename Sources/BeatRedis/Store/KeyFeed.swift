import BeatCore

/// One way to hear of what happens to the store's keys, on a connection of its own.
protocol KeyFeed: AnyObject {
  /// So many events a write and a deletion of our heartbeat raise.
  var probeEvents: Int { get }
  /// Begins to hear: leads to `.open`, or to `.failed`, after which nothing comes.
  func open()
  /// The session stands: where the server ends the feed alone, it is opened again.
  func sessionStands()
  /// Hears nothing any more.
  func close()
}

/// What is listened to.
struct KeyFeedSource {
  let url: RedisURL
  /// Where the store is, for this session.
  let endpoint: RedisEndpoint
  /// What the connection is called.
  let clientName: String
  let keys: RedisKeys
  /// Our own heartbeat's key.
  let heartbeat: [UInt8]

  /// Whose a key is, of which an event told.
  func meaning(of key: [UInt8]) -> HeardKey {
    if let entry = keys.entry(of: key) { return .document(entry) }
    if key == heartbeat { return .heartbeat }
    if key == keys.lease { return .lease }
    if key == keys.manual { return .requests }
    return keys.isTooLong(key) ? .tooLong(IgnoredNames(key.dropFirst(keys.prefix.count))) : .other
  }
}

enum HeardKey {
  case document(EntryName)
  /// A document's, if its name were not too long.
  case tooLong(IgnoredNames)
  /// Our own.
  case heartbeat
  case lease
  case requests
  case other
}

enum KeyFeedEvent {
  /// What is done from now on is heard.
  case open
  case document(EntryName)
  /// A document was written in place.
  case documentInPlace(EntryName)
  /// A document whose name is too long to be read.
  case ignored(IgnoredNames)
  /// Every key may be another one.
  case everything
  /// One event of our heartbeat.
  case heartbeatEvent
  /// All that a heartbeat raises has come.
  case heartbeat
  case leaseFreed
  case requested
  /// Changes were missed, for this reason, and are heard again.
  case missed(reason: String)
  case failed(SessionFailure)
}
