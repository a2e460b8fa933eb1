import BeatCore

/// A collection of schedules from which documents are taken into another store. It is only read, so `read` is all that the
/// user needs, and it may be on a server that cannot be a store itself: an old one, or a router.
package struct MongoSource {
  /// The most documents of one page. A page ends early when it is long: until it becomes texts it is in memory as the
  /// server has sent it, and a document may have 16 MB.
  private static let pageSize = 100

  private let url: MongoURL
  private let place: MongoPlace
  private let client: MongoClient
  /// Whether daemons may have left marks.
  private let canBeStore: Bool

  /// Connects and logs in.
  package init(_ url: MongoURL, _ place: MongoPlace) throws(StoreError) {
    self.url = url
    self.place = place
    let search = MongoStoreClient.search(url)
    do throws(MongoError) { client = try search.client() } catch { throw StoreError(error, from: url, place, .read) }
    canBeStore = search.facts.map { $0.problem == nil } ?? false
  }

  /// All documents, in the order of `_id` as `mongoexport` prints them.
  ///
  /// - Parameter progress: called with the number of documents so far.
  package func documents(progress: (Int) -> Void) throws(StoreError) -> [MongoDocument] {
    var documents: [MongoDocument] = []
    var page: [BSONDocument] = []
    var length = 0
    let find: BSONDocument = [
      "find": .text(place.schedules), "sort": ["_id": 1], "batchSize": .int64(Int64(Self.pageSize)),
    ]
    do throws(MongoError) {
      try client.walk(find, on: place.database) { document throws(MongoError) in
        page.append(document)
        length += document.bytes.count
        if page.count == Self.pageSize || length > Limit.pageLength.most {
          documents += try texts(page)
          page.removeAll(keepingCapacity: true)
          length = 0
          progress(documents.count)
        }
        return true
      }
      documents += try texts(page)
    } catch { throw StoreError(error, from: url, place, .read) }
    progress(documents.count)
    return documents
  }

  /// Other collections of the database that hold schedules, as `<database>.<collection>`.
  package func neighbours() throws(StoreError) -> [String] {
    do throws(MongoError) { return try NeighbourSearch(place: place).result(by: client) } catch {
      throw StoreError(error, from: url, place, .read)
    }
  }

  private func texts(_ page: [BSONDocument]) throws(MongoError) -> [MongoDocument] {
    let names = page.map { EntryName($0["name"]?.utf8.map { Array($0) } ?? []) }
    let marks = try marks(names)
    return zip(names, page).map { name, document in
      let content = StoredText.content(
        of: marks[name]?.redo?.completed(document) ?? document, atMost: Limit.documentLength.most)
      return MongoDocument(name: name, Scheduler.DocumentRead.Content(content))
    }
  }

  /// What daemons have left beside the documents: the note of one that has fired and died before it could say so.
  private func marks(_ names: [EntryName]) throws(MongoError) -> [EntryName: StoredMark] {
    guard canBeStore, !names.isEmpty else { return [:] }
    do throws(MongoError) { return try StoredMark.find(names, in: place, by: client) } catch {
      // A user who may read this collection only.
      guard error.isOfOurRights else { throw error }
      return [:]
    }
  }
}

/// Belongs to the thread that made it.
@available(*, unavailable)
extension MongoSource: Sendable {}
