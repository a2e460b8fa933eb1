import BeatCore

/// Other key prefixes under which schedules may be stored. An operator who mistypes `--key-prefix` has no schedules,
/// and must be told of these.
package struct NeighbourPrefix {
  private let keys: RedisKeys
  /// One key for each prefix, in the order in which the keys came.
  package private(set) var samples: [(prefix: [UInt8], key: [UInt8])] = []
  /// The largest number of prefixes that are recorded.
  static let most = 20

  package init(_ keys: RedisKeys) { self.keys = keys }

  /// Takes in an existing key of the database.
  package mutating func add(_ key: [UInt8]) {
    guard !key.starts(with: keys.prefix), !key.starts(with: Array("reactivebeat:".utf8)),
      !key.starts(with: Array("_kombu.".utf8)), !key.starts(with: Array("celery-task-meta-".utf8)),
      samples.count < Self.most
    else { return }
    let prefix: [UInt8]
    if let end = key.lastIndex(of: UInt8(ascii: ":")) {
      prefix = Array(key[...end])
    } else if NearMiss.isSlip(Array(key.prefix(keys.prefix.count)), of: keys.prefix) {
      // `tasks.meta.hello` has no colon, and its beginning is like the configured prefix all the same.
      prefix = Array(key.prefix(keys.prefix.count))
    } else {
      return
    }
    if !samples.contains(where: { $0.prefix == prefix }) { samples.append((prefix, key)) }
  }

  /// Whether a document could be a schedule's: an object with a task and a time at which to run it.
  package static func isSchedule(_ document: [UInt8]) -> Bool {
    guard let layout = try? DocumentLayout(document), layout.text("task") != nil else { return false }
    return ScheduleField.isPresent(in: layout)
  }

  /// Whether a prefix differs from the configured one by a letter or two only. It decides where the user may not read
  /// the document.
  package func isLikeOurs(_ prefix: [UInt8]) -> Bool { NearMiss.isSlip(prefix, of: keys.prefix) }
}
