@testable import BeatMongo

extension BSONDocument {
  /// A document by its members.
  static func of(_ body: (inout BSONWriter) -> Void) -> BSONDocument {
    var writer = BSONWriter()
    body(&writer)
    return writer.document
  }

  /// A command without a collection.
  static func command(_ name: String) -> BSONDocument { of { $0.add(name, Int32(1)) } }

  static func insert(_ documents: [BSONDocument], into collection: String) -> BSONDocument {
    of {
      $0.add("insert", collection)
      $0.add("documents", array: documents)
    }
  }

  static func find(in collection: String) -> BSONDocument { of { $0.add("find", collection) } }

  /// The documents of a cursor's first batch.
  var firstBatch: [BSONDocument] {
    guard let batch = self["cursor"]?["firstBatch"]?.members else { return [] }
    return batch.compactMap { $0.value.document }
  }
}

extension MongoClient {
  /// A client of a URL's text.
  convenience init(at text: String, timeouts: MongoTimeouts = MongoTimeouts()) throws {
    try self.init(MongoURL(text), timeouts: timeouts)
  }
}

/// The error that `body` throws.
func error(of body: () throws -> Void) -> MongoError? {
  do {
    try body()
    return nil
  } catch { return error as? MongoError }
}
