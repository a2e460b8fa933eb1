/// What an error means for a store's session.
extension MongoError {
  /// An error of one statement of a write.
  init(statement: BSONValue) {
    self.init(
      .server(code: statement["code"]?.integer.flatMap { Int32(exactly: $0) } ?? 0, name: ""),
      statement["errmsg"]?.text ?? "a write failed")
  }

  /// A write that was carried out, and may be undone.
  init(concern: BSONValue) {
    self.init(
      .server(
        code: concern["code"]?.integer.flatMap { Int32(exactly: $0) } ?? 64, name: concern["codeName"]?.text ?? ""),
      concern["errmsg"]?.text ?? "the write is not certain to stay")
  }

  /// The session is of no use any more.
  var endsSession: Bool {
    switch kind {
    case .network: true
    case .server: [.notPrimary, .streamLost, .unconfirmed].contains(code)
    case .reply, .client: false
    }
  }

  var isOfOurRights: Bool { code == .forbidden }
}
