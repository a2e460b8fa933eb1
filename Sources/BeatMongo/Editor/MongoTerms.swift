import BeatCore

/// How a MongoDB store calls its things. Rights are named by the roles that include them.
package struct MongoTerms: StoreTerms {
  package let product = "MongoDB"

  package let item = "document"
  package let items = "documents"
  package let within = "in the collection"
  package let beside = "beside this collection"
  package let place = "collection"
  package func unread(_ count: Int) -> String {
    Plural.of(count, "document of the collection is", "documents of the collection are") + " not read"
  }
  package let isForeign = "cannot be used"
  package let foreignItems = "documents that cannot be used"
  /// The problem is that of one value, and says what to do.
  package func obstacle(_ content: UnusableContent) -> String { content.problem }

  package let placeOption = "--store-collection"
  package let placeVariable = "CELERY_MONGODB_SCHEDULER_COLLECTION"
  /// The collection without its database, whose name has no dot.
  package func value(for place: EntryName) -> EntryName {
    guard let dot = place.bytes.firstIndex(of: UInt8(ascii: ".")) else { return place }
    return EntryName(Array(place.bytes[(dot + 1)...]))
  }

  package let connectionsRight = "the role clusterMonitor"
  package let historyRight = "the role readWrite"
  package let recordRight = "the role readWrite"
  package let editRight = "the role readWrite"

  package init() {}
}
