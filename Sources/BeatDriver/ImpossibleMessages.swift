import BeatCore

/// The messages that the broker will never take and that could not be set aside, with the reasons. They stay in the
/// outbox alone: this relay does not publish them again, on no connection, so no message of their lanes waits for one of
/// them.
struct ImpossibleMessages {
  private var reasons: [TaskID: String] = [:]
  /// The place of messages set aside has taken none of them. It is asked again in the next walk.
  var isPlaceFull = false

  subscript(message: TaskID) -> String? { reasons[message] }

  /// Further ones than the limit are published again in each walk.
  mutating func note(_ message: TaskID, _ reason: String) {
    if reasons[message] != nil || !Limit.messagesSetAside.isExceeded(by: reasons.count + 1) {
      reasons[message] = reason
    }
  }

  mutating func left(_ message: TaskID) { reasons[message] = nil }

  /// What is reported about a message, and nothing else, such as a queue.
  static func lane(of message: TaskID) -> Lane { Lane(Array(message.description.utf8)) }
}
