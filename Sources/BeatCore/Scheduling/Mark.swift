/// What the mark hash keeps for each schedule, beside the documents: the newest due time that was fired and its task
/// id, or the time first seen and no id. A stale document that somebody writes back cannot undo it, and a restart does
/// not postpone an interval.
///
/// Stored as `<microseconds since 1970, 20 digits>|<task id>|<total run count>`; compared as text in Lua, whose numbers
/// are exact below 2^53 only.
public struct Mark: Hashable, Sendable {
  public var due: UnixTime
  /// nil: seen, not fired.
  public var taskID: TaskID?
  public var totalRunCount: Int64

  public init(due: UnixTime, taskID: TaskID?, totalRunCount: Int64) {
    self.due = due
    self.taskID = taskID
    self.totalRunCount = totalRunCount
  }

  public init?(_ bytes: [UInt8]) {
    guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
    let parts = text.split(separator: "|", omittingEmptySubsequences: false)
    // Digits only: Swift's own reader takes a sign, which would sort wrongly.
    guard parts.count == 3, parts[0].count == 20, !parts[0].contains(where: { "+-".contains($0) }),
      parts[2].first != "+", let due = Int64(parts[0]), let count = Int64(parts[2]), count >= 0
    else { return nil }
    self.init(
      due: UnixTime(microseconds: due), taskID: parts[1].isEmpty ? nil : TaskID(text: parts[1]), totalRunCount: count)
  }

  public var bytes: [UInt8] { Array("\(Self.digits(due))|\(taskID?.description ?? "")|\(totalRunCount)".utf8) }

  /// 20 digits; a time before 1970 is 0, since nothing is due there.
  public static func digits(_ time: UnixTime) -> String {
    let digits = String(max(0, time.microseconds))
    return String(repeating: "0", count: 20 - digits.count) + digits
  }
}
