/// What the mark hash keeps for each schedule, beside the documents: the newest due time that was fired and its task
/// id, or the time first seen and no id. A stale document that somebody writes back cannot undo it, and a restart does
/// not postpone an interval. With it stands under which schedule that was: whoever hears of an edit late can tell
/// whether another daemon has gone on by it.
///
/// Stored as `<microseconds since 1970, 20 digits>|<task id>|<total run count>|<digest, 8 hexadecimal digits>`; compared
/// as text in Lua, whose numbers are exact below 2^53 only.
public struct Mark: Hashable, Sendable {
  public var due: UnixTime
  /// nil: seen, not fired.
  public var taskID: TaskID?
  public var totalRunCount: Int64
  /// Of the schedule that was in force. nil: written by somebody who does not tell.
  public var digest: ScheduleDigest?

  public init(due: UnixTime, taskID: TaskID?, totalRunCount: Int64, digest: ScheduleDigest? = nil) {
    self.due = due
    self.taskID = taskID
    self.totalRunCount = totalRunCount
    self.digest = digest
  }

  public init?(_ bytes: [UInt8]) {
    guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
    let parts = text.split(separator: "|", omittingEmptySubsequences: false)
    // Digits only: Swift's own reader takes a sign, which would sort wrongly.
    guard parts.count == 3 || parts.count == 4, parts[0].count == 20, !parts[0].contains(where: { "+-".contains($0) }),
      parts[2].first != "+", let due = Int64(parts[0]), let count = Int64(parts[2]), count >= 0
    else { return nil }
    self.init(
      due: UnixTime(microseconds: due), taskID: parts[1].isEmpty ? nil : TaskID(text: parts[1]), totalRunCount: count)
    guard parts.count == 4 else { return }
    guard let digest = ScheduleDigest(text: parts[3]) else { return nil }
    self.digest = digest
  }

  public var bytes: [UInt8] {
    let tail = digest.map { "|\($0)" } ?? ""
    return Array("\(Self.digits(due))|\(taskID?.description ?? "")|\(totalRunCount)\(tail)".utf8)
  }

  /// Tells one mark of a schedule from another: when, and under which schedule.
  struct Fingerprint: Hashable {
    private let digest: ScheduleDigest

    init(_ mark: Mark) {
      var digest = mark.digest ?? ScheduleDigest()
      digest.combine(mark.due.microseconds)
      self.digest = digest
    }
  }

  /// 20 digits; a time before 1970 is 0, since nothing is due there.
  public static func digits(_ time: UnixTime) -> String {
    let digits = String(max(0, time.microseconds))
    return String(repeating: "0", count: 20 - digits.count) + digits
  }
}
