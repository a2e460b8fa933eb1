import BeatCore

/// Messages that were published again, and taken, while it is not known whether the broker had them already.
package struct PossibleRepeats: Hashable, Sendable {
  /// Why it is not known.
  package enum Cause: Hashable, Sendable {
    /// The broker's answer to the first attempt was lost with a connection or a channel.
    case lostAnswer
    /// A daemon that led before may have published it.
    case earlierLeader
  }

  package private(set) var count = 0
  /// How many of them an earlier leader may have published.
  package private(set) var ofEarlierLeader = 0
  /// One of them; nil: there are none.
  package private(set) var first: OutboxItem?

  package init() {}

  package mutating func add(_ item: OutboxItem, _ cause: Cause) {
    count += 1
    if cause == .earlierLeader { ofEarlierLeader += 1 }
    if first == nil { first = item }
  }
}
