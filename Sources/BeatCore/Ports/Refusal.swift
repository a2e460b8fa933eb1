/// Why a server did not carry out a call.
package struct Refusal: Error, Hashable, Sendable {
  package enum Kind: Hashable, Sendable {
    /// The session ended first. It is unknown whether the server carried the call out.
    case lost
    /// This daemon's user lacks the right.
    case forbidden
    /// The contents of one of the daemon's own places were not written by a daemon.
    case foreign
    case other
  }

  package let kind: Kind
  /// The server's words, as far as they help a person.
  package let words: String
  /// What the words mean, or what to do; nil: the words are enough.
  package let advice: String?

  package init(_ kind: Kind, _ words: String, advice: String? = nil) {
    self.kind = kind
    self.words = words
    self.advice = advice
  }

  package static let lost = Refusal(.lost, "the connection was lost")

  package var text: String { advice.map { "\(words); \($0)" } ?? words }
}

/// The answer of a port's method. Every port keeps these rules, which the conformance suites check:
///
/// 1. The completion is called exactly once, on the daemon's thread, and never inside the call.
/// 2. The answers of one session come in the order of the calls, and the store carries the calls out in that order.
/// There are three exceptions, which may come later: a step of a walk, which may have a connection of its own; a message
/// to a named exchange, whose queues are looked up first; and a call whose script the server has forgotten, which is sent
/// once more. A rehearsal comes before anything fires, and makes the server know all scripts of a fire.
/// 3. When a session ends, every open call is answered with `Refusal.lost`. If the server ended it, this comes before
/// the session reports its end; if `close()` did, it comes in a later turn.
/// 4. A lost call may have been carried out all the same. So a call that is open when its session ends is never
/// answered with a success.
package typealias Completion<Value> = (Result<Value, Refusal>) -> Void
