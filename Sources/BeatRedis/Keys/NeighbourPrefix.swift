import BeatCore

/// Key prefixes beside ours under which schedules may stand: who mistypes `--key-prefix` has none, and is to be told.
package struct NeighbourPrefix {
  private let keys: RedisKeys
  /// For each prefix one of its keys, in the order in which they came.
  package private(set) var samples: [(prefix: [UInt8], key: [UInt8])] = []
  /// So many different prefixes are looked at.
  static let most = 20

  package init(_ keys: RedisKeys) { self.keys = keys }

  /// Takes in a key of the database that stands there.
  package mutating func add(_ key: [UInt8]) {
    guard !key.starts(with: keys.prefix), !key.starts(with: Array("reactivebeat:".utf8)),
      !key.starts(with: Array("_kombu.".utf8)), !key.starts(with: Array("celery-task-meta-".utf8)),
      samples.count < Self.most
    else { return }
    let prefix: [UInt8]
    if let end = key.lastIndex(of: UInt8(ascii: ":")) {
      prefix = Array(key[...end])
    } else if NearMiss.isSlip(Array(key.prefix(keys.prefix.count)), of: keys.prefix) {
      // `tasks.meta.hello`: no colon, and like ours all the same.
      prefix = Array(key.prefix(keys.prefix.count))
    } else {
      return
    }
    if !samples.contains(where: { $0.prefix == prefix }) { samples.append((prefix, key)) }
  }

  /// Whether a document could be a schedule's: an object with a task, and a time at which to run it.
  package static func isSchedule(_ document: [UInt8]) -> Bool {
    guard let layout = try? DocumentLayout(document), layout.text("task") != nil else { return false }
    return ScheduleField.isPresent(in: layout)
  }

  /// Where the document may not be read: the prefix is like ours but for a letter or two.
  package func isLikeOurs(_ prefix: [UInt8]) -> Bool { NearMiss.isSlip(prefix, of: keys.prefix) }
}
