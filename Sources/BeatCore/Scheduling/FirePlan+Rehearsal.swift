extension FirePlan {
  /// The schedule of a rehearsal, at a place of its own.
  package static let rehearsedEntry = EntryName("a")
  /// What must stand there, under the entry's name.
  package static let rehearsedDocument = Array("rehearse".utf8)
  /// The watermark of a schedule that was seen, and the one that takes its place.
  package static let rehearsedWatermark = Watermark(due: UnixTime(microseconds: 1), taskID: nil, totalRunCount: 0)

  /// A fire that no schedule asks for and no worker sees, to find out whether it would go through.
  ///
  /// - Parameters:
  ///   - taskIDs: those of the rehearsal's place.
  ///   - queue: where the message goes by its route. No worker may know the place that it is put at.
  package static func rehearsal(_ taskIDs: TaskIDNamespace, queue: String, sha1: TaskID.SHA1) -> FirePlan {
    let due = UnixTime(microseconds: 2)
    let id = TaskID(key: taskIDs.bytes(of: rehearsedEntry), due: due, sha1: sha1)
    return FirePlan(
      entry: rehearsedEntry, task: "rehearsal", taskID: id, due: due, oldDocument: rehearsedDocument,
      newDocument: Array("rehearsed".utf8), message: Array("rehearsal".utf8), route: .queue(queue),
      priority: 0,
      watermark: Watermark(due: due, taskID: id, totalRunCount: 1), reason: .schedule)
  }
}
