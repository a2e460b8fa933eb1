/// The messages of one channel whose confirms are awaited, in the order of their delivery tags.
///
/// A channel in confirm mode counts its messages from 1, and the server confirms them by that number, one or many at a
/// time. A message that reached no queue is returned first, without a number, and then confirmed like the others: its
/// correlation id tells which it was. (Source: RabbitMQ, Consumer Acknowledgements and Publisher Confirms.)
struct ConfirmLedger<Message> {
  /// What the server said of one message.
  enum Answer: Equatable {
    case confirmed
    /// No queue took it.
    case returned(AMQPRefusal)
    /// A queue refused it.
    case rejected
  }

  private struct Entry {
    let id: AMQPShortString
    let message: Message
    var refusal: AMQPRefusal?
    var isAnswered = false
  }

  private var entries: [Entry] = []
  /// The delivery tag of the first entry.
  private var first: UInt64 = 1
  private var answered = 0

  /// The number of messages that have no answer yet.
  var count: Int { entries.count - answered }

  /// Takes in that a message is sent.
  ///
  /// - Parameter id: its correlation id.
  mutating func sent(_ message: Message, id: AMQPShortString) { entries.append(Entry(id: id, message: message)) }

  /// Takes in that a message came back. One that is not awaited is ignored.
  mutating func returned(id: AMQPShortString, _ refusal: AMQPRefusal) {
    guard let index = entries.firstIndex(where: { $0.id == id && !$0.isAnswered && $0.refusal == nil }) else { return }
    entries[index].refusal = refusal
  }

  /// Takes in a confirm, and returns the messages that it answers, in their order. Tags that are not awaited are ignored.
  ///
  /// - Parameters:
  ///   - tag: 0 with `isMultiple`: all messages so far.
  ///   - isMultiple: the answer is for all messages up to the tag.
  mutating func answer(
    _ tag: UInt64, isMultiple: Bool, isAccepted: Bool
  ) -> [(message: Message, answer: Answer)] {
    guard !entries.isEmpty, tag >= first || (isMultiple && tag == 0) else { return [] }
    let last = tag == 0 ? entries.count - 1 : Int(clamping: tag - first)
    guard last < entries.count else { return [] }
    var answers: [(message: Message, answer: Answer)] = []
    for index in (isMultiple ? 0 : last)...last where !entries[index].isAnswered {
      entries[index].isAnswered = true
      answered += 1
      let refusal = entries[index].refusal
      answers.append((entries[index].message, isAccepted ? refusal.map { .returned($0) } ?? .confirmed : .rejected))
    }
    forgetAnswered()
    return answers
  }

  /// Takes all messages without an answer out, in their order: the channel is gone.
  mutating func abandon() -> [Message] {
    defer { (entries, answered) = ([], 0) }
    return entries.filter { !$0.isAnswered }.map(\.message)
  }

  private mutating func forgetAnswered() {
    guard entries.first?.isAnswered == true else { return }
    let done = entries.firstIndex { !$0.isAnswered } ?? entries.count
    entries.removeFirst(done)
    first += UInt64(done)
    answered -= done
  }
}
