import BeatCore

/// The reply to one step of SCAN or HSCAN, or of a script that takes such steps.
struct ScanAnswer {
  /// The cursor of the next step; nil: this was the last step.
  let cursor: String?
  let found: [RedisReply]
  /// What a script returns besides the cursor and the elements.
  let rest: [RedisReply]

  /// nil: the reply has not the form of a SCAN reply.
  ///
  /// - Parameter parts: of how many parts the reply consists, the cursor and the elements included.
  init?(_ reply: RedisReply?, parts: Int = 2) {
    guard let all = reply?.array, all.count == parts, parts >= 2, let next = all[0].text, let found = all[1].array
    else { return nil }
    cursor = next == "0" ? nil : next
    self.found = found
    rest = Array(all[2...])
  }
}

/// A walk through the keys of a database (SCAN) or the fields of a hash (HSCAN). It comes to an end whatever the server
/// replies.
struct ScanWalk {
  /// The cursor of the next step.
  private(set) var cursor = "0"
  private(set) var isAtEnd = false
  private(set) var steps = 0

  /// What a step has found; nil: the reply has not the form of a SCAN reply, or the walk has exceeded
  /// `Limit.scanSteps`.
  mutating func take(_ reply: RedisReply?, parts: Int = 2) -> ScanAnswer? {
    guard let answer = ScanAnswer(reply, parts: parts), advance(to: answer.cursor) else { return nil }
    return answer
  }

  /// Counts a step, and goes on to the cursor `next`; nil ends the walk, as 0 does. false: `next` is no cursor, or the
  /// walk has exceeded `Limit.scanSteps`.
  mutating func advance(to next: String?) -> Bool {
    guard let next = Self.number(of: next) else { return false }
    steps += 1
    guard !Limit.scanSteps.isExceeded(by: steps) else { return false }
    cursor = "\(next)"
    isAtEnd = next == 0
    return true
  }

  /// A cursor is an unsigned number of 64 bits (redis.io: SCAN). 0 is the end; so is nil.
  static func number(of cursor: String?) -> UInt64? { UInt64(cursor ?? "0") }
}
