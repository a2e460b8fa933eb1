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
  }

  /// The messages without an answer, by their delivery tags. One that is never answered keeps no other here.
  private var open: [UInt64: Entry] = [:]
  private var next: UInt64 = 1

  /// The number of messages that have no answer yet.
  var count: Int { open.count }

  /// Takes in that a message is sent.
  ///
  /// - Parameter id: its correlation id.
  mutating func sent(_ message: Message, id: AMQPShortString) {
    open[next] = Entry(id: id, message: message)
    next += 1
  }

  /// Takes in that a message came back. One that is not awaited is ignored.
  mutating func returned(id: AMQPShortString, _ refusal: AMQPRefusal) {
    guard let tag = open.filter({ $0.value.id == id && $0.value.refusal == nil }).keys.min() else { return }
    open[tag]?.refusal = refusal
  }

  /// Takes in a confirm, and returns the messages that it answers, in their order. Tags that are not awaited are ignored.
  ///
  /// - Parameters:
  ///   - tag: 0 with `isMultiple`: all messages so far.
  ///   - isMultiple: the answer is for all messages up to the tag.
  mutating func answer(
    _ tag: UInt64, isMultiple: Bool, isAccepted: Bool
  ) -> [(message: Message, answer: Answer)] {
    let tags = isMultiple ? open.keys.filter { tag == 0 || $0 <= tag }.sorted() : [tag]
    return tags.compactMap { tag in
      open.removeValue(forKey: tag).map { entry in
        (entry.message, isAccepted ? entry.refusal.map { .returned($0) } ?? .confirmed : .rejected)
      }
    }
  }

  /// Takes all messages without an answer out, in their order: the channel is gone.
  mutating func abandon() -> [Message] {
    defer { open = [:] }
    return open.sorted { $0.key < $1.key }.map(\.value.message)
  }
}
