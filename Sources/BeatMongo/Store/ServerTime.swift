import BeatCore

/// Times on the server's clock. They are stored as Int64 numbers, milliseconds since 1970: not every server compares
/// `$$NOW` with a stored Date.
enum ServerTime {
  /// The server's time at the moment of the command.
  static let now: BSON = ["$toLong": "$$NOW"]

  /// Rounds down.
  static func milliseconds(_ time: UnixTime) -> Int64 {
    let (quotient, remainder) = time.microseconds.quotientAndRemainder(dividingBy: 1000)
    return remainder < 0 ? quotient - 1 : quotient
  }

  /// nil: it is no time that counts in microseconds.
  static func time(_ milliseconds: Int64) -> UnixTime? {
    let (microseconds, isTooFar) = milliseconds.multipliedReportingOverflow(by: 1000)
    return isTooFar ? nil : UnixTime(microseconds: microseconds)
  }

  /// Asks for the server's time; milliseconds.
  static func read(_ client: MongoClient) throws(MongoError) -> Int64 {
    guard let time = try client.run(["hello": 1], on: "admin")["localTime"]?.milliseconds else {
      throw MongoError(.reply, "the server does not tell its time")
    }
    return time
  }
}
