import BeatCore

/// A message that waits in the outbox: an item of the list `pending` of a mark or of a request.
///
///     {seq: <Long>, id: <the task's id>, length: <bytes of the message>,
///      route: {queue: <text>} or {exchange: <text>, key: <text>}, priority: <Long>, task: <BinData>}
///
/// An item of a daemon before this form has `message`, in kombu's form, in the place of `task`. Such a daemon holds an item
/// without `message` as not its own.
struct MarkItem: Hashable, Sendable {
  let item: OutboxItem
  /// The item's number. Items go out in the order of their numbers.
  let sequence: Int64

  init(_ item: OutboxItem, sequence: Int64) { (self.item, self.sequence) = (item, sequence) }

  var value: BSON {
    let route: BSON =
      switch item.route {
      case .queue(let queue): ["queue": .text(queue)]
      case .exchange(let exchange, let key): ["exchange": .text(exchange), "key": .text(key)]
      }
    let field =
      switch item.form {
      case .neutral: "task"
      case .kombu: "message"
      }
    return [
      "seq": .int64(sequence), "id": .text(item.taskID.description), "length": .int64(Int64(item.message.count)),
      "route": route, "priority": .int64(item.priority), field: .binary(item.message),
    ]
  }

  /// Reads an item; nil: no daemon has written it.
  static func item(of pending: BSONValue) -> OutboxItem? {
    // No daemon writes a name that is not stream-safe, since no document has one. Comparing such a name might take
    // minutes.
    func text(_ value: BSONValue?) -> String? { value?.text.flatMap { $0.isStreamSafe ? $0 : nil } }
    guard pending["seq"]?.integer != nil, let id = text(pending["id"]), !id.isEmpty, let route = pending["route"],
      let priority = pending["priority"]?.integer, let (message, form) = message(of: pending)
    else { return nil }
    let place: Route
    if let queue = text(route["queue"]) {
      place = .queue(queue)
    } else if let exchange = text(route["exchange"]), let key = text(route["key"]) {
      place = .exchange(exchange, routingKey: key)
    } else {
      return nil
    }
    return OutboxItem(taskID: TaskID(text: id), route: place, priority: priority, message: message, form: form)
  }

  private static func message(of pending: BSONValue) -> (bytes: [UInt8], form: OutboxMessage.Form)? {
    let (task, message) = (pending["task"], pending["message"])
    guard (task == nil) != (message == nil), let binary = (task ?? message)?.binary, binary.subtype == 0 else {
      return nil
    }
    return (Array(binary.bytes), task == nil ? .kombu : .neutral)
  }
}
