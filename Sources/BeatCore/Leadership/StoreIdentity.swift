/// Whether the store is still the one whose documents were loaded. Each answer to a heartbeat holds the name of the
/// store's contents (`StoreIncarnation`) and the number of this daemon's previous heartbeat.
///
///     unknown --answer--> watched --connected--> remembered --answer--> watched
///
/// In `watched`, the daemon reloads if the name has changed, if the number is not the previous one, or if the number is
/// missing though the last heartbeat cannot have expired. The first answer of a session asks for no reload, since a
/// session begins with a load; it does report a store that was replaced.
package struct StoreIdentity {
  package enum Action: Equatable {
    /// The store was emptied, or is another one: its record of runs may be older than this daemon's.
    case storeReplaced
    /// What this daemon knows of the documents may be wrong: read them all.
    case reload(reason: String)
  }

  private enum State {
    case unknown
    /// The store's contents in an earlier session.
    case remembered(Contents)
    /// The store's contents in this session, which are loaded or being loaded.
    case watched(Contents)
  }

  private struct Contents {
    var incarnation: String
    var answeredAt: BootTime

    func isSameStore(as other: Contents) -> Bool {
      StoreIncarnation.identity(of: incarnation) == StoreIncarnation.identity(of: other.incarnation)
    }
  }

  /// How long the store keeps a heartbeat; microseconds.
  private let heartbeatLife: Int64
  private var state = State.unknown

  package init(heartbeatLife: Int64) { self.heartbeatLife = heartbeatLife }

  package mutating func connected() {
    if case .watched(let contents) = state { state = .remembered(contents) }
  }

  /// - Parameter isClockSet: the store's clock was set since the last answer, so a heartbeat may have expired early.
  package mutating func answered(_ reply: HeartbeatReply, isClockSet: Bool, now: BootTime) -> [Action] {
    let found = Contents(incarnation: reply.incarnation, answeredAt: now)
    defer { state = .watched(found) }
    switch state {
    case .unknown: return []
    case .remembered(let known): return known.isSameStore(as: found) ? [] : [.storeReplaced]
    case .watched(let known):
      if known.incarnation != found.incarnation {
        return (known.isSameStore(as: found) ? [] : [.storeReplaced])
          + [.reload(reason: "the store was emptied or replaced, or its events were off for a while")]
      }
      let wentBack =
        if let previous = reply.previousSequence {
          previous != reply.sequence - 1
        } else {
          // The last heartbeat cannot have expired: the store was set back to a time before this daemon's first
          // heartbeat.
          !isClockSet && now.microseconds(since: known.answeredAt) < heartbeatLife / 2
        }
      return wentBack ? [.reload(reason: "the store went back in time")] : []
    }
  }
}
