/// One run as the history keeps it: what was fired, for when, and why.
public struct FireRecord: Hashable, Sendable {
  public let name: EntryName
  public let taskID: String
  /// The occurrence's nominal time.
  public let due: UnixTime
  /// From the due time to the message on its queue, by Redis' clock; microseconds. A jitter is in it.
  public let late: Int64
  /// A `FireReason`, or another word that a newer daemon has written.
  public let reason: String

  /// When the message was put on its queue.
  public var firedAt: UnixTime { due.advanced(by: late) }

  public init(name: EntryName, taskID: String, due: UnixTime, late: Int64, reason: String) {
    self.name = name
    self.taskID = taskID
    self.due = due
    self.late = late
    self.reason = reason
  }

  /// From the fields of a stream's entry, field and value in turn. nil: somebody else has written it.
  public init?(fields: [[UInt8]]) {
    var values: [String: [UInt8]] = [:]
    for index in stride(from: 0, to: fields.count - 1, by: 2) {
      values[String(decoding: fields[index], as: UTF8.self)] = fields[index + 1]
    }
    func number(_ field: String) -> Int64? { values[field].flatMap { Int64(String(decoding: $0, as: UTF8.self)) } }
    guard let name = values["name"], let due = number("due"), let late = number("late") else { return nil }
    self.init(
      name: EntryName(name), taskID: values["id"].map { String(decoding: $0, as: UTF8.self) } ?? "",
      due: UnixTime(microseconds: due), late: late,
      reason: values["why"].map { String(decoding: $0, as: UTF8.self) } ?? "")
  }
}

/// How late the runs of a history were. What somebody asked for by hand has no due time, and what was made up for was
/// missed: neither counts.
public struct LatenessSummary: Hashable, Sendable {
  public let count: Int
  /// Microseconds; nil: there is none.
  public let median: Int64?
  public let percentile99: Int64?
  public let worst: Int64?

  public init(of records: [FireRecord]) {
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
