import BeatCore

/// The answer to one step of SCAN or HSCAN, or of a script that takes such steps.
struct ScanAnswer {
  /// Where the next step begins; nil: this was the last one.
  let cursor: String?
  let found: [RedisReply]
  /// What a script tells beside it.
  let rest: [RedisReply]

  /// nil: the answer is none of SCAN.
  ///
  /// - Parameter parts: of so many parts it consists.
  init?(_ reply: RedisReply?, parts: Int = 2) {
    guard let all = reply?.array, all.count == parts, parts >= 2, let next = all[0].text, let found = all[1].array
    else { return nil }
    cursor = next == "0" ? nil : next
    self.found = found
    rest = Array(all[2...])
  }
}

/// A walk through the keys of a database (SCAN) or the fields of a hash (HSCAN), which comes to an end whatever the server
/// answers.
struct ScanWalk {
  /// Where the next step begins.
  private(set) var cursor = "0"
  private(set) var isAtEnd = false
  private(set) var steps = 0

  /// What a step has found; nil: the answer is none of SCAN, or the walk has gone beyond all limits.
  mutating func take(_ reply: RedisReply?, parts: Int = 2) -> ScanAnswer? {
    guard let answer = ScanAnswer(reply, parts: parts), advance(to: answer.cursor) else { return nil }
    return answer
  }

  /// A step has been made, and the next one begins at `next`, if there is one; false: that is no cursor, or the walk has gone
  /// beyond all limits.
  mutating func advance(to next: String?) -> Bool {
    guard let next = Self.number(of: next) else { return false }
    steps += 1
    guard !Limit.scanSteps.isExceeded(by: steps) else { return false }
    cursor = "\(next)"
    isAtEnd = next == 0
    return true
  }

  /// A cursor is an unsigned number of 64 bits (redis.io: SCAN); 0 is the end, as none is.
  static func number(of cursor: String?) -> UInt64? { UInt64(cursor ?? "0") }
}
