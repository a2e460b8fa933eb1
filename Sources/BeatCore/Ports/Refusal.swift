/// Why a server did not do what it was asked for.
package struct Refusal: Error, Hashable, Sendable {
  package enum Kind: Hashable, Sendable {
    /// The session ended first: whether it was done is not known.
    case lost
    /// This daemon may not do that.
    case forbidden
    /// What stands at a place of our own is not ours.
    case foreign
    case other
  }

  package let kind: Kind
  /// What the server said, as far as a person can use it.
  package let words: String
  /// What it means, or what to do; nil: the words say it.
  package let advice: String?

  package init(_ kind: Kind, _ words: String, advice: String? = nil) {
    self.kind = kind
    self.words = words
    self.advice = advice
  }

  package static let lost = Refusal(.lost, "the connection was lost")

  package var text: String { advice.map { "\(words); \($0)" } ?? words }
}

/// What a port's method answers with. Every port keeps these rules, which the conformance suites look at:
///
/// 1. It is called exactly once, on the daemon's thread, and never inside the call.
/// 2. Answers of one session come in the order of the calls, and what they tell of was done in that order. Two things may
///    come later: messages to a named exchange, whose queues are looked up first, and a call whose script the server has
///    forgotten, which is sent once more. A rehearsal, which comes before anything fires, makes the server know all scripts
///    of a fire.
/// 3. When a session ends, what is open is answered with `Refusal.lost`: before the session says that it has ended, where
///    the server ended it; in a later turn, where `close()` did.
/// 4. What was lost may have been done all the same. So a call that is open when a session ends is never answered with a
///    success.
package typealias Completion<Value> = (Result<Value, Refusal>) -> Void
