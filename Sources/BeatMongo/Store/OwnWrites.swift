import Synchronization

/// What this daemon's fires have written into schedules, and no event has told yet. By it the daemon knows its own
/// writes among the events.
final class OwnWrites: Sendable {
  /// More than this is never on its way: each fire waits for the write of the one before.
  private static let most = 10_000

  private struct State {
    var notes: [[UInt8]: [BSONDocument]] = [:]
    /// How many writes were noted since the notes were empty. Without events, as while polling, nothing takes them out.
    var count = 0
  }

  private let state = Mutex(State())

  /// Notes a write that is about to be sent.
  ///
  /// - Parameter id: the document's `_id`.
  func expect(_ fields: BSONDocument, in id: BSONValue) {
    state.withLock { state in
      if state.count >= Self.most { state = State() }
      state.count += 1
      state.notes[id.sortKey, default: []].append(fields)
    }
  }

  /// The write has changed nothing, so no event tells of it.
  func cancel(_ fields: BSONDocument, in id: BSONValue) {
    _ = take(id) { $0 == fields }
  }

  /// Whether an update that an event tells of is one of them. An event holds the fields that have changed, which may be
  /// fewer than were written.
  func take(_ updated: BSONDocument, in id: BSONValue) -> Bool {
    take(id) { written in
      var isEmpty = true
      for member in updated.members {
        isEmpty = false
        guard Optional(member.value).isSame(as: written[String(decoding: member.nameBytes, as: UTF8.self)]) else {
          return false
        }
      }
      return !isEmpty
    }
  }

  private func take(_ id: BSONValue, where isIt: (BSONDocument) -> Bool) -> Bool {
    let key = id.sortKey
    return state.withLock { state in
      guard let place = state.notes[key]?.firstIndex(where: isIt) else { return false }
      // Events come in the order of the writes: what was noted before is told already.
      state.notes[key]?.removeFirst(place + 1)
      state.count -= place + 1
      if state.notes[key]?.isEmpty == true { state.notes[key] = nil }
      return true
    }
  }
}
