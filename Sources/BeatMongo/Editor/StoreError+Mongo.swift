import BeatCore

extension StoreError {
  /// - Parameters:
  ///   - place: what the user wanted to reach.
  ///   - role: what the user needs there.
  init(_ error: MongoError, from url: MongoURL, _ place: MongoPlace, _ role: MongoRights.Role = .readWrite) {
    let kind = Self.kind(error)
    let advice: String? =
      switch kind {
      case .denied where error.isOfLogin:
        "the user or the password is wrong, or authSource= in the URL names another database than the user's"
      case .denied: "this user may not do this; \(MongoRights.advice(place, role))"
      case .notReady where error.code == .unconfirmed:
        "the change was made, and most of the replica set has not confirmed it: it may be undone; look whether it stands"
      case .notReady: "its primary is away; try again in a moment"
      case .wrongType:
        "\(place.database).\(place.schedules) is a view, or something else that takes no changes: name its collection"
      case .unreachable, .readOnly, .unsuitable, .refused: nil
      }
    switch error.kind {
    // It names neither server nor URL, and is about both.
    case .client: self.init(kind, error.message)
    default: self.init(kind, "\(url): \(advice.map { "\($0) (\(error))" } ?? "\(error)")")
    }
  }

  private static func kind(_ error: MongoError) -> Kind {
    switch error.kind {
    case .network: return .unreachable
    case .client: return .unsuitable
    case .reply: return .refused
    case .server(let code, _):
      switch MongoErrorCode(code) {
      case .notPrimary, .unconfirmed: return .notReady
      case .forbidden: return .denied
      case .notSupported, .unknownCommand, .tooLong: return .unsuitable
      default:
        // CommandNotSupportedOnView; ExceededMemoryLimit and OutOfDiskSpace. (Source: error_codes.yml)
        return code == 166 ? .wrongType : [146, 14031].contains(code) ? .unsuitable : .refused
      }
    }
  }
}

extension MongoError {
  /// The server does not know the user, or the password is another one.
  fileprivate var isOfLogin: Bool {
    if case .server(let code, _) = kind { code == 18 || code == 8000 } else { false }
  }
}
