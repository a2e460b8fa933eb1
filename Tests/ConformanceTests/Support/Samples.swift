@testable import BeatCore

/// The documents, fires and messages of the suites.
enum Sample {
  static func document(_ name: String, runs: Int = 0, more: String = "") -> [UInt8] {
    Array(
      (#"{"name": "\#(name)", "task": "proj.add", "enabled": true, "interval": {"every": 10, "period": "seconds"}, "#
        + #""total_run_count": \#(runs)\#(more)}"#).utf8)
  }

  static func watermark(_ due: UnixTime, _ task: String? = nil, runs: Int64 = 0) -> Watermark {
    Watermark(due: due, taskID: task.map { TaskID(text: $0) }, totalRunCount: runs)
  }

  /// A message that tells little but its task's id: the messages in a queue are compared as a whole.
  static func message(_ id: String, length: Int = 0) -> [UInt8] {
    let argument = length > 0 ? "\"\(String(repeating: "x", count: length))\"" : ""
    return Array(
      (#"{"headers": {"id": "\#(id)"}, "properties": {"correlation_id": "\#(id)", "reply_to": "r", "delivery_mode": 2, "#
        + #""priority": 0}, "body": [[\#(argument)], {}, {}]}"#).utf8)
  }

  /// A fire of a schedule whose stored document is the one that `document` makes.
  static func plan(
    _ name: String, _ due: UnixTime, id: String? = nil, runs: Int = 0, old: [UInt8]? = nil,
    to route: Route = .queue("q"),
    reason: FireReason = .schedule
  ) -> FirePlan {
    let id = id ?? "\(name)-\(due.microseconds)"
    let (old, new) = (old ?? document(name, runs: runs), document(name, runs: runs + 1))
    return FirePlan(
      entry: EntryName(name), task: "proj.add", taskID: TaskID(text: id), due: due, oldDocument: old, newDocument: new,
      message: message(id), route: route, priority: 0,
      watermark: watermark(due, id, runs: Int64(runs) + 1), reason: reason)
  }

  static func item(_ id: String, _ route: Route = .queue("q"), priority: Int64 = 0, length: Int = 0) -> OutboxItem {
    var item = OutboxItem(plan("sample", UnixTime(microseconds: 1), id: id, to: route))
    item.priority = priority
    if length > 0 { item.message = message(id, length: length) }
    return item
  }
}

extension EntryName: ExpressibleByStringLiteral {
  public init(stringLiteral text: String) { self.init(text) }
}
