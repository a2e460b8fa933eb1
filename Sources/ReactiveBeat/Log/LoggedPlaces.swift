import BeatCore
import BeatMongo
import BeatRedis

/// How the log names the places of a schedule, as the store calls them.
struct LoggedPlaces {
  /// The place of a document.
  let document: (EntryName) -> [UInt8]
  /// How much of a document's place stands before the name; bytes.
  let prefixLength: Int
  /// The place of a watermark, as the beginning of a sentence.
  let watermark: (EntryName) -> String

  init(_ configuration: BeatConfiguration) {
    switch configuration.store {
    case .redis:
      let keys = RedisKeys(prefix: configuration.keyPrefix)
      document = { keys.document($0) }
      prefixLength = keys.prefix.count
      watermark = { "field \($0.brief()) of the hash \(EntryName(keys.watermark))" }
    case .mongo(_, let place):
      document = { $0.bytes }
      prefixLength = 0
      watermark = { "\"mark\" of the document \($0.brief()) in \(place.database).\(place.marks)" }
    }
  }
}
