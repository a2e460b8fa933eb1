import BeatCore

extension Refusal {
  /// - Parameter error: the server's error; nil: the connection died.
  init(_ error: RedisServerError?) {
    guard let error else {
      self = .lost
      return
    }
    self.init(error, advice: error.advice)
  }

  init(_ error: RedisServerError, advice: String?) {
    // In the error of a script, WRONGTYPE is not the error's code but part of its text.
    let isForeign = error.message.contains("WRONGTYPE")
    self.init(error.isOfOurRights ? .forbidden : isForeign ? .foreign : .other, error.words, advice: advice)
  }
}

extension RedisReply? {
  /// The result of a command whose reply matters only if it is an error.
  var done: Result<Void, Refusal> {
    guard let self else { return .failure(.lost) }
    return self.error.map { .failure(Refusal($0)) } ?? .success(())
  }
}

extension ScanPosition {
  /// The cursor for a position; nil: the walk begins.
  static func cursor(_ position: ScanPosition?) -> String { position?.text ?? "0" }

  /// Where a walk continues after the server has returned this cursor.
  ///
  /// - Returns: the next position; nil: this was the last step.
  /// - Throws: the text is no cursor, or the walk has taken more steps than are allowed.
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
