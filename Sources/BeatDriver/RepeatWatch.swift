import BeatCore

/// Knows which messages may reach their queues twice, where the publisher does not drop repeats.
///
///     begins ──► under way ──► delivered
///                  │    │
///                  │    └─ its answer is lost: in doubt ──► begins again ──► delivered, or in doubt again:
///                  │                                                         a possible repeat
///                  └─ refused: the broker has not got it
///
/// A message that the broker has confirmed and that could not be taken out of the outbox is no repeat: its publisher knows
/// it, and does not send it again. What an earlier leader has published is not known here. It had at most one window under way, so that
/// many of those that waited when this daemon began to lead are in doubt.
struct RepeatWatch {
  /// The most messages that are remembered of each kind. Further ones are not counted.
  private static let most = 10_000

  private var underWay: Set<TaskID> = []
  private var doubted: [TaskID: PossibleRepeats.Cause] = [:]
  /// How many of the next messages an earlier leader may have published.
  private var inherited = 0

  /// Whether it is not known of some message whether the broker has it.
  var isInDoubt: Bool { !underWay.isEmpty || !doubted.isEmpty }

  /// Takes in that an earlier leader may have published messages that wait: the next `count` that are published.
  mutating func inherit(_ count: Int) { inherited = count }

  mutating func begins(_ message: TaskID) {
    underWay.insert(message)
    guard inherited > 0 else { return }
    inherited -= 1
    doubt(message, .earlierLeader)
  }

  /// - Returns: why the broker may have had it before; nil: it had not.
  mutating func delivered(_ message: TaskID) -> PossibleRepeats.Cause? {
    underWay.remove(message)
    return doubted.removeValue(forKey: message)
  }

  /// The broker has not taken the message this time.
  mutating func refused(_ message: TaskID) { underWay.remove(message) }

  /// The broker may have taken the message.
  ///
  /// - Returns: why it may have had it before, as well; nil: it had not.
  mutating func uncertain(_ message: TaskID) -> PossibleRepeats.Cause? {
    underWay.remove(message)
    defer { doubt(message, .lostAnswer) }
    return doubted[message]
  }

  /// The message is no longer in the outbox.
  mutating func left(_ message: TaskID) { doubted[message] = nil }

  /// No answer comes any more.
  mutating func disconnected() {
    for message in underWay { doubt(message, .lostAnswer) }
    underWay.removeAll()
  }

  /// Nothing that is remembered waits any more.
  mutating func outboxIsEmpty() {
    doubted.removeAll()
    inherited = 0
  }

  private mutating func doubt(_ message: TaskID, _ cause: PossibleRepeats.Cause) {
    guard doubted[message] == nil, doubted.count < Self.most else { return }
    doubted[message] = cause
  }
}
