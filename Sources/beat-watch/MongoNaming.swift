import ArgumentParser

/// The names that databases and collections of MongoDB may have. (Source: MongoDB's manual, "MongoDB Limits and
/// Thresholds", "Naming Restrictions")
enum MongoNaming {
  static func database(_ name: String) throws -> String {
    guard name.utf8.count < 64, !name.contains(where: { "/\\. \"$*<>:|?\0".contains($0) }) else {
      throw ValidationError("a database's name has at most 63 bytes, and none of / \\ . \" $ * < > : | ? or a space")
    }
    return name
  }

  static func collection(_ name: String) throws -> String {
    // A name with its database has at most 255 bytes, and the daemons' own collections have longer ones.
    guard name.utf8.count <= 150, !name.contains("$"), !name.contains("\0"), !name.hasPrefix("system.") else {
      throw ValidationError("a collection's name has at most 150 bytes and no $, and does not begin with system.")
    }
    return name
  }
}
