/// Whether the store is still the one whose documents were loaded: each answer to a heartbeat tells the word of its contents
/// (`StoreIncarnation`), and the number of our heartbeat before.
///
///     unknown --answer--> watched --connected--> remembered --answer--> watched
///
/// In `watched` another word, another number, or none though the last one cannot have run out, means: load all. The first
/// answer of a session asks for no load, since a session begins with one; that the store is another one it does tell.
package struct StoreIdentity {
  package enum Action: Equatable {
    /// The store was emptied, or is another one: what it remembers of runs may be older than what we do.
    case storeReplaced
    /// What we know of the documents may be wrong: load them all.
    case reload(reason: String)
  }

  private enum State {
    case unknown
    /// Contents of an earlier session.
    case remembered(Contents)
    /// Contents of this session, which were loaded, or are being loaded.
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

  /// - Parameter isClockSet: the store's clock was set meanwhile, so a heartbeat may have run out in no time.
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
          // Else the store is one from before the first of our heartbeats.
          !isClockSet && now.microseconds(since: known.answeredAt) < heartbeatLife / 2
        }
      return wentBack ? [.reload(reason: "the store went back in time")] : []
    }
  }
}
