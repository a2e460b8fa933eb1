/// What the codes of the server's errors mean for a store. (Source: MongoDB's error_codes.yml)
package enum MongoErrorCode: Hashable, Sendable {
  /// The server is not the primary any more, or ends: a new session finds the one that is.
  case notPrimary
  /// The user may not do this, or is unknown.
  case forbidden
  /// A change stream, or a cursor, that cannot go on.
  case streamLost
  /// A standalone server, which has no change streams.
  case notSupported
  /// Another operation has changed the document at the same time.
  case writeConflict
  /// A document or a reply over the server's limit.
  case tooLong
  /// The unique key is there already.
  case duplicate
  /// The majority did not confirm in time: the write stands on the primary and may be rolled back.
  case unconfirmed
  /// No such command, such as `hello` before 4.4.2.
  case unknownCommand
  case other

  package init(_ code: Int32) {
    self =
      switch code {
      case 10107, 13435, 13436, 189, 91, 11600, 11602: .notPrimary
      case 13, 18, 8000: .forbidden
      case 286, 280, 260, 43: .streamLost
      case 40573: .notSupported
      case 112: .writeConflict
      case 10334: .tooLong
      case 11000, 11001: .duplicate
      case 64: .unconfirmed
      case 59: .unknownCommand
      default: .other
      }
  }
}

extension MongoError {
  /// The meaning of the server's code; nil for an error that is not the server's.
  package var code: MongoErrorCode? {
    if case .server(let code, _) = kind { MongoErrorCode(code) } else { nil }
  }
}
