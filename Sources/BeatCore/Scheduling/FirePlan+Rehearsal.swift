extension FirePlan {
  /// The name of a rehearsal's schedule, at a place of its own.
  package static let rehearsedEntry = EntryName("a")
  /// The document that the store must hold under that name.
  package static let rehearsedDocument = Array("rehearse".utf8)
  /// The watermark that the store must hold. It is of a schedule that was seen and not fired. The plan's watermark
  /// replaces it.
  package static let rehearsedWatermark = Watermark(due: UnixTime(microseconds: 1), taskID: nil, totalRunCount: 0)

  /// The plan of a fire that no schedule asks for and no worker sees, to find out whether fires get through.
  ///
  /// - Parameters:
  ///   - taskIDs: the namespace of the rehearsal's place.
  ///   - queue: the queue of the message's route. No worker may know the place of its messages.
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
