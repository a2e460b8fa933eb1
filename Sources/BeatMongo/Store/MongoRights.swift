import BeatCore

/// The rights that a user needs.
enum MongoRights {
  /// A built-in role in the schedules' database.
  enum Role: String {
    /// For a daemon and for commands that write. It includes the change stream.
    case readWrite
    /// For a collection that is only read.
    case read
  }

  /// What to do about a right that is missing.
  static func advice(_ place: MongoPlace, _ role: Role = .readWrite) -> String {
    "a user who may do so runs: db.getSiblingDB(\"<the user's database>\").grantRolesToUser(\"<user>\", [{role: "
      + "\"\(role.rawValue)\", db: \"\(place.database)\"}])"
  }
}
