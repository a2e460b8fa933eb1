import BeatCore

/// A walk through the keys of a database (SCAN) or the fields of a hash (HSCAN), which comes to an end whatever the server
/// answers.
package struct ScanWalk {
  /// Where the next step begins.
  package private(set) var cursor = "0"
  package private(set) var isAtEnd = false
  private var steps = 0

  package init() {}

  /// What a step has found; nil: the answer is none of SCAN, or the walk has gone beyond all limits.
  package mutating func take(_ reply: RedisReply?) -> [RedisReply]? {
    guard let parts = reply?.array, parts.count == 2, let next = parts[0].text, let found = parts[1].array,
      advance(to: next)
    else { return nil }
    return found
  }

  /// A step has been made, and the next one begins at `next`; false: that is no cursor, or the walk has gone beyond all
  /// limits.
  package mutating func advance(to next: String) -> Bool {
    // A cursor is an unsigned number of 64 bits (redis.io: SCAN).
    guard let next = UInt64(next) else { return false }
    steps += 1
    guard !Limit.scanSteps.isExceeded(by: steps) else { return false }
    cursor = "\(next)"
    isAtEnd = next == 0
    return true
  }
}
