import BeatCore
import BeatLoop
import BeatMongo
import BeatRedis

/// Where the schedules are. Printing it never shows a password.
package enum StoreAddress: Sendable, CustomStringConvertible {
  case redis(RedisURL)
  case mongo(MongoURL, MongoPlace)

  /// Whether a text is the URL of a MongoDB server, right or wrong.
  package static func isMongo(_ text: String) -> Bool {
    ["mongodb:", "mongodb+srv:"].contains { text.lowercased().hasPrefix($0) }
  }

  /// - Parameters:
  ///   - text: a URL as Celery and its schedulers write it: `redis://`, `rediss://`, `redis+socket://`, `sentinel://`,
  ///     `mongodb://`, `mongodb+srv://`.
  ///   - masterName: of a `sentinel://` URL that names no primary itself.
  ///   - database: of a `mongodb://` URL that names none itself.
  ///   - collection: of the schedules in MongoDB.
  ///
  /// Throws: what is wrong with the URL.
  package init(
    _ text: String, masterName: String? = nil, database: String = StoreAddress.mongoDatabase,
    collection: String = StoreAddress.mongoCollection
  ) throws {
    guard Self.isMongo(text) else {
      self = .redis(try RedisURL(text, masterName: masterName))
      return
    }
    let url = try MongoURL(text)
    self = .mongo(url, MongoPlace(database: url.database ?? database, schedules: collection))
  }

  /// What celerybeat-mongo uses unless told otherwise.
  package static let (mongoDatabase, mongoCollection) = ("celery", "schedules")

  package var description: String {
    switch self {
    case .redis(let url): "\(url)"
    case .mongo(let url, _): "\(url)"
    }
  }

  /// A new connection for commands and applications, whose calls wait for their answers.
  ///
  /// - Parameters:
  ///   - keyPrefix: of the documents' keys in Redis.
  ///   - broker: where the workers' queues are.
  ///   - kombu: the workers' names of keys.
  ///   - envelope: the form in which the broker takes messages.
  ///   - loop: the loop of a connection to Redis; nil: the connection has one of its own.
  package func editor(
    keyPrefix: String, broker: BrokerAddress?, kombu: KombuKeys,
    envelope: any MessageEnvelope = KombuRedisEnvelope(), on loop: EventLoop? = nil
  ) throws(StoreError) -> any StoreEditor {
    switch self {
    case .redis(let url):
      try RedisStoreClient(
        url, keys: RedisKeys(prefix: keyPrefix), broker: broker?.redis, kombu: kombu, envelope: envelope, on: loop)
    case .mongo(let url, let place):
      try MongoStoreClient(
        url, place, runs: RunPreview(place.taskIDs, envelope: envelope, sha1: SHA1.digest))
    }
  }

  /// The place of the schedules within the store: the prefix of their keys, or their collection with its database.
  ///
  /// - Parameter keyPrefix: of the documents' keys in Redis.
  package func place(keyPrefix: String) -> String {
    switch self {
    case .redis: keyPrefix
    case .mongo(_, let place): "\(place)"
    }
  }

  /// How the store calls its things.
  package var terms: any StoreTerms {
    switch self {
    case .redis: RedisTerms()
    case .mongo: MongoTerms()
    }
  }

  /// What makes edits be heard where they are not.
  var hearingAdvice: String {
    switch self {
    case .redis(let url): NotificationSetting.advice(for: url)
    case .mongo:
      "only a replica set tells of changes, and one of a single node is enough: mongod --replSet, rs.initiate()"
    }
  }

  /// The address of a Redis store; nil: the store is another one.
  package var redis: RedisURL? { if case .redis(let url) = self { url } else { nil } }
}
