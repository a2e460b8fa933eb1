/// The rights that a daemon's user needs.
enum MongoRights {
  /// What to do about a right that is missing. `readWrite` includes the change stream.
  static func advice(_ place: MongoPlace) -> String {
    "a user who may do so runs: db.getSiblingDB(\"<the user's database>\").grantRolesToUser(\"<user>\", [{role: "
      + "\"readWrite\", db: \"\(place.database)\"}])"
  }
}
