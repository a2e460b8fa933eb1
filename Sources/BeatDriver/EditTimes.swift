import BeatCore

/// How long edits take from their event until they are in force. Edits of a document that come while it is being read
/// count as one, from the first of their events.
///
///     event -> heard -> read is sent -> answered -> in force
///              heard: the answer may be older, so the next read is the one that counts
struct EditTimes {
  /// The most documents whose edits are timed at once. In a storm of more, the others are not timed.
  static let most = 1024

  private struct Times {
    /// The event that the read on its way follows.
    var served: BootTime?
    /// The event after which a read has not been sent.
    var waiting: BootTime?
  }

  private var times: [EntryName: Times] = [:]

  var count: Int { times.count }

  /// An event of an edit has arrived.
  mutating func heard(_ name: EntryName, at now: BootTime) {
    if let known = times[name] {
      if known.waiting == nil { times[name]?.waiting = now }
    } else if times.count < Self.most {
      times[name] = Times(waiting: now)
    }
  }

  /// A read of the document is sent.
  mutating func reads(_ name: EntryName) {
    guard !times.isEmpty, let waiting = times[name]?.waiting else { return }
    times[name] = Times(served: waiting)
  }

  /// The read is answered.
  ///
  /// - Returns: when the event came that it follows; nil: it follows none, or that one is not timed.
  mutating func answered(_ name: EntryName) -> BootTime? {
    guard !times.isEmpty, let known = times[name] else { return nil }
    times[name] = known.waiting.map { Times(waiting: $0) }
    return known.served
  }

  mutating func removeAll() { times.removeAll() }
}

extension DaemonEvent {
  /// The most documents whose edits are timed at once.
  package static var mostTimedEdits: Int { EditTimes.most }
}
