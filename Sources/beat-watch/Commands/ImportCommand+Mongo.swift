import ArgumentParser
import BeatCore
import ReactiveBeat

extension ImportCommand {
  /// The collection that `--from-mongo` and `--from-collection` name.
  func mongoSource(_ text: String) throws -> Source {
    let collection = fromCollection ?? StoreAddress.mongoCollection
    do { _ = try MongoNaming.collection(collection) } catch let error as ValidationError {
      throw ValidationError("--from-collection: \(error.message)")
    }
    let url: MongoURL
    do { url = try MongoURL(text) } catch { throw ValidationError("--from-mongo: \(error)") }
    let place = MongoPlace(database: url.database ?? StoreAddress.mongoDatabase, schedules: collection)
    if case .mongo(let ours, place) = try store.store(), !Set(ours.hosts).isDisjoint(with: url.hosts) {
      throw ValidationError(
        "--from-mongo: \(place) there is the store itself: name the store to write to, such as --store-url "
          + "redis://localhost:6379/1")
    }
    return .mongo(url, place)
  }

  /// Reads the documents of a collection.
  func documents(of url: MongoURL, _ place: MongoPlace) throws -> [MongoDocument] {
    let source = try MongoSource(url, place)
    var progress = Progress("read")
    defer { progress.end() }
    let documents = try source.documents { progress.show($0) }
    guard documents.isEmpty else { return documents }
    let others = try source.neighbours().map(\.printable)
    let where_ = others.isEmpty ? "" : "; there are schedules in \(others.joined(separator: ", "))"
    throw CommandError(
      .missing,
      "no documents in \(place) of \(url)\(where_): give celerybeat-mongo's mongodb_scheduler_collection as "
        + "--from-collection, and its mongodb_scheduler_db in the URL")
  }
}
