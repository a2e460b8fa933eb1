extension FirePlan {
  /// The schedule of a rehearsal, among keys of its own.
  package static let rehearsedEntry = EntryName("a")
  /// What must stand there, under the entry's name.
  package static let rehearsedDocument = Array("rehearse".utf8)
  /// The watermark of a schedule that was seen, and the one that takes its place.
  package static let rehearsedWatermark = Watermark(due: UnixTime(microseconds: 1), taskID: nil, totalRunCount: 0)

  /// A fire that no schedule asks for and no worker sees, to find out whether it would go through.
  ///
  /// - Parameters:
  ///   - keys: those of the rehearsal.
  ///   - queue: a list of its own, in the outbox' item.
  package static func rehearsal(on keys: RedisKeys, queue: String, sha1: TaskID.SHA1) -> FirePlan {
    let due = UnixTime(microseconds: 2)
    let id = TaskID(key: keys.document(rehearsedEntry), due: due, sha1: sha1)
    return FirePlan(
      entry: rehearsedEntry, task: "rehearsal", taskID: id, due: due, oldDocument: rehearsedDocument,
      newDocument: Array("rehearsed".utf8), kept: 8, message: Array("rehearsal".utf8), route: .queue(queue),
      priority: 0,
      watermark: Watermark(due: due, taskID: id, totalRunCount: 1), reason: .schedule)
  }
}
