/// What the watermark hash holds for each schedule, beside the documents: the newest due time that was fired with its
/// task id, or the time first seen without an id. A client that writes a stale document back cannot undo it, and a
/// restart does not postpone an interval. The watermark also names the schedule that was in force, by its digest: a
/// daemon that detects an edit late can tell whether another daemon has already gone on from it.
///
/// It is stored as `<microseconds since 1970, 20 digits>|<task id>|<total run count>|<digest, 8 hexadecimal digits>`.
/// Lua compares it as text, since its numbers are exact below 2^53 only.
package struct Watermark: Hashable, Sendable {
  package var due: UnixTime
  /// The id of the task that was fired; nil: the schedule was seen and has not been fired.
  package var taskID: TaskID?
  package var totalRunCount: Int64
  /// The digest of the schedule that was in force. nil: the writer of the watermark stored none.
  package var digest: ScheduleDigest?
  /// The fields that a newer version has written behind the digest, with the bar before them. They are kept and not
  /// understood.
  package var trailing: [UInt8] = []

  package init(due: UnixTime, taskID: TaskID?, totalRunCount: Int64, digest: ScheduleDigest? = nil) {
    self.due = due
    self.taskID = taskID
    self.totalRunCount = totalRunCount
    self.digest = digest
  }

  package init?(_ bytes: [UInt8]) {
    guard bytes.count > 21, let due = Self.number(bytes[..<20]), bytes[20] == Self.bar else { return nil }
    var rest = bytes[21...]
    guard let end = rest.firstIndex(of: Self.bar), let id = String(validating: rest[..<end], as: UTF8.self) else {
      return nil
    }
    rest = rest[(end + 1)...]
    let countEnd = rest.firstIndex(of: Self.bar)
    guard let count = Self.number(rest[..<(countEnd ?? rest.endIndex)]) else { return nil }
    self.init(due: UnixTime(microseconds: due), taskID: id.isEmpty ? nil : TaskID(text: id), totalRunCount: count)
    guard let countEnd else { return }
    rest = rest[(countEnd + 1)...]
    let digestEnd = rest.firstIndex(of: Self.bar) ?? rest.endIndex
    trailing = Array(rest[digestEnd...])
    let last = String(decoding: rest[..<digestEnd], as: UTF8.self)
    guard let digest = ScheduleDigest(text: last) else { return nil }
    self.digest = digest
  }

  private static let bar = UInt8(ascii: "|")

  /// The value of decimal digits. `Int64(_:)` also takes a sign, which would sort wrongly.
  private static func number(_ digits: ArraySlice<UInt8>) -> Int64? {
    guard !digits.isEmpty else { return nil }
    var number: Int64 = 0
    for digit in digits {
      guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
      let (tens, overflow) = number.multipliedReportingOverflow(by: 10)
      let (sum, carry) = tens.addingReportingOverflow(Int64(digit - UInt8(ascii: "0")))
      guard !overflow, !carry else { return nil }
      number = sum
    }
    return number
  }

  package var bytes: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(96)
    bytes.append(max(0, due.microseconds), width: 20)
    bytes.append(Self.bar)
    if let taskID { bytes.append(taskID) }
    bytes.append(Self.bar)
    if totalRunCount < 0 { bytes.append(UInt8(ascii: "-")) }
    bytes.append(totalRunCount.magnitude, width: 1)
    if let digest {
      bytes.append(Self.bar)
      bytes += digest.utf8
      bytes += trailing
    }
    return bytes
  }

  /// The watermark after the document was deleted: it keeps what was fired, and names no schedule.
  package var ofGone: Watermark {
    var watermark = self
    watermark.digest = .gone
    return watermark
  }

  /// The due time of a watermark whose other fields are damaged.
  static func due(in bytes: [UInt8]) -> UnixTime? {
    guard bytes.count > 20, bytes[20] == bar else { return nil }
    return number(bytes[..<20]).map { UnixTime(microseconds: $0) }
  }

  /// Tells two watermarks of a schedule apart, by their due time and their schedule.
  struct Fingerprint: Hashable {
    private let digest: ScheduleDigest

    init(_ watermark: Watermark) {
      var digest = watermark.digest ?? ScheduleDigest()
      digest.combine(watermark.due.microseconds)
      self.digest = digest
    }
  }

  /// A time in 20 digits, microseconds since 1970. A time before 1970 is 0, since nothing is due then.
  package static func digits(_ time: UnixTime) -> String {
    var digits: [UInt8] = []
    digits.append(max(0, time.microseconds), width: 20)
    return String(decoding: digits, as: UTF8.self)
  }
}
