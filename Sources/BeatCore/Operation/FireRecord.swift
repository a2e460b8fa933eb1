/// One run as the history keeps it: what was fired, for when, and why.
package struct FireRecord: Hashable, Sendable {
  package let name: EntryName
  package let taskID: String
  /// The occurrence's nominal time.
  package let due: UnixTime
  /// From the due time to the message on its queue, by Redis' clock; microseconds. A jitter is in it.
  package let late: Int64
  /// A `FireReason`, or another word that a newer daemon has written.
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

  /// From the fields of a stream's entry, field and value in turn. nil: somebody else has written it.
  package init?(fields: [[UInt8]]) {
    // By their bytes: a field's name may be any text.
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

/// How late the runs of a history were. What somebody asked for by hand has no due time, and what was made up for was
/// missed: neither counts.
package struct LatenessSummary: Hashable, Sendable {
  package let count: Int
  /// Microseconds; nil: there is none.
  package let median: Int64?
  package let percentile99: Int64?
  package let worst: Int64?

  package init(of records: [FireRecord]) {
    let sorted =
      records.filter { $0.reason == FireReason.schedule.rawValue || $0.reason == FireReason.immediate.rawValue }
      .map(\.late).sorted()
    /// The smallest that is not exceeded by so many of a hundred.
    func percentile(_ share: Int) -> Int64? {
      sorted.isEmpty ? nil : sorted[max(0, (sorted.count * share + 99) / 100 - 1)]
    }
    count = sorted.count
    median = percentile(50)
    percentile99 = percentile(99)
    worst = sorted.last
  }
}
