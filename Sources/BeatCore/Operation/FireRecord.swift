/// One run in the history: which schedule fired, for which time, and why.
package struct FireRecord: Hashable, Sendable {
  package let name: EntryName
  package let taskID: String
  /// The occurrence's nominal time.
  package let due: UnixTime
  /// The time from the due time until the message was on its queue, by the store's clock; microseconds. It includes the
  /// jitter.
  package let late: Int64
  /// A `FireReason`, or another word that a newer version has written.
  package let reason: String

  /// When the message was put on its queue.
  package var firedAt: UnixTime { due.advanced(by: late) }

  package init(name: EntryName, taskID: String, due: UnixTime, late: Int64, reason: String) {
    self.name = name
    self.taskID = taskID
    self.due = due
    self.late = late
    self.reason = reason
  }

  /// Reads the fields of a stream's entry, field and value in turn. It holds one run, or several that were sent together
  /// for the same reason, in their order: `at`, `why`, then each run's watermark and name. Empty: another program wrote it.
  package static func runs(fields: [[UInt8]]) -> [FireRecord] {
    guard fields.count > 4, fields[0].elementsEqual("at".utf8), fields[2].elementsEqual("why".utf8) else {
      return FireRecord(fields: fields).map { [$0] } ?? []
    }
    guard let at = Int64(String(decoding: fields[1], as: UTF8.self)) else { return [] }
    let reason = String(decoding: fields[3], as: UTF8.self).streamSafe
    return stride(from: 4, to: fields.count - 1, by: 2).compactMap { index in
      guard let watermark = Watermark(fields[index]), let id = watermark.taskID else { return nil }
      return FireRecord(
        name: EntryName(fields[index + 1]), taskID: id.description.streamSafe, due: watermark.due,
        late: UnixTime(microseconds: at).microseconds(since: watermark.due), reason: reason)
    }
  }

  /// Reads the fields of one run, field and value in turn; nil: another program wrote it.
  package init?(fields: [[UInt8]]) {
    // The keys are bytes, since a field's name need not be valid UTF-8.
    var values: [[UInt8]: [UInt8]] = [:]
    for index in stride(from: 0, to: fields.count - 1, by: 2) { values[fields[index]] = fields[index + 1] }
    func text(_ field: String) -> String? {
      values[Array(field.utf8)].map { String(decoding: $0, as: UTF8.self).streamSafe }
    }
    guard let name = values[Array("name".utf8)], let due = text("due").flatMap({ Int64($0) }),
      let late = text("late").flatMap({ Int64($0) })
    else { return nil }
    self.init(
      name: EntryName(name), taskID: text("id") ?? "", due: UnixTime(microseconds: due), late: late,
      reason: text("why") ?? "")
  }
}

/// How late the runs of a history were. Only runs by schedule and by `run_immediately` count: a run by hand has no due
/// time, and a caught-up run was missed.
package struct LatenessSummary: Hashable, Sendable {
  package let count: Int
  /// The lateness that half of the runs do not exceed; microseconds. nil: there are no runs.
  package let median: Int64?
  package let percentile99: Int64?
  package let worst: Int64?

  package init(of records: [FireRecord]) {
    let sorted =
      records.filter { $0.reason == FireReason.schedule.rawValue || $0.reason == FireReason.immediate.rawValue }
      .map(\.late).sorted()
    /// The smallest lateness that `share` percent of the runs do not exceed.
    func percentile(_ share: Int) -> Int64? {
      sorted.isEmpty ? nil : sorted[max(0, (sorted.count * share + 99) / 100 - 1)]
    }
    count = sorted.count
    median = percentile(50)
    percentile99 = percentile(99)
    worst = sorted.last
  }
}
