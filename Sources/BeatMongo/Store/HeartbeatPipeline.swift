import BeatCore

/// Writes a heartbeat, and keeps the one before it in the same document, where the answer shows it.
enum HeartbeatPipeline {
  static let answered = ["before", "beforeAt", "at", ForeignField.list]

  static func stages(sequence: Int64) -> BSON {
    let isForeign = ["seq", "at"].map { name in
      (name, ["$and": [Expression.not(Expression.isMissing(name)), Expression.not(Expression.isWhole(name))]] as BSON)
    }
    return [
      [
        "$set": [
          "before": number("seq"), "beforeAt": number("at"), "seq": .int64(sequence), "at": ServerTime.now,
          "\(ForeignField.list)": ForeignField.list(isForeign),
        ]
      ]
    ]
  }

  private static func number(_ name: String) -> BSON {
    ["$cond": [Expression.isWhole(name), Expression.field(name), .null]]
  }
}

/// A heartbeat's document after a heartbeat.
struct HeartbeatDocument: Hashable, Sendable {
  /// The server's time at the heartbeat; milliseconds since 1970.
  let at: Int64
  /// The sequence of the heartbeat before; nil: there was none, or it is too old.
  let previous: Int64?
  let foreign: [ForeignField]

  /// nil: it has no time.
  init?(_ document: BSONDocument) {
    guard let at = document["at"]?.integer else { return nil }
    self.at = at
    let before = document["beforeAt"]?.integer
    previous = before.map { Self.isYoung($0, at: at) } ?? false ? document["before"]?.integer : nil
    foreign = ForeignField.all(in: document)
  }

  /// Whether a heartbeat of this time is still one. One that lies a little in the future is: the server's clock may have
  /// been set back.
  static func isYoung(_ time: Int64, at now: Int64) -> Bool {
    let most = HeartbeatRequest.lifetime / 1000
    let (age, isTooFar) = now.subtractingReportingOverflow(time)
    return !isTooFar && age > -most && age < most
  }
}
