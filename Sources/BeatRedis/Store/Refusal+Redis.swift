import BeatCore

extension Refusal {
  /// - Parameter error: nil: the connection died.
  init(_ error: RedisServerError?) {
    guard let error else {
      self = .lost
      return
    }
    // Within a script's error Redis does not say it as the code.
    let isForeign = error.message.contains("WRONGTYPE")
    self.init(error.isOfOurRights ? .forbidden : isForeign ? .foreign : .other, error.words, advice: error.advice)
  }
}

extension RedisReply? {
  /// For whom only an error counts.
  var done: Result<Void, Refusal> {
    guard let self else { return .failure(.lost) }
    return self.error.map { .failure(Refusal($0)) } ?? .success(())
  }
}

extension ScanPosition {
  /// Where a walk of Redis begins.
  static func cursor(_ position: ScanPosition?) -> String { position?.text ?? "0" }

  /// Where a walk goes on, after the server has answered with this cursor.
  ///
  /// - Returns: nil in it: that was the last step. Throws: it is no cursor, or the walk has gone beyond all limits.
  static func next(_ position: ScanPosition?, _ cursor: String?) throws(Refusal) -> ScanPosition? {
    guard let number = ScanWalk.number(of: cursor) else { throw Refusal(.other, "the answer to a scan has no cursor") }
    guard number != 0 else { return nil }
    guard let position else { return ScanPosition("\(number)") }
    guard let next = position.advanced(to: "\(number)") else {
      throw Refusal(.other, "a scan does not come to its end")
    }
    return next
  }
}
