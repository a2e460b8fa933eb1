/// The messages that daemons have set aside because the broker will never take them. They wait for a person.
package struct MessagesSetAside: Hashable, Sendable {
  /// One of them, without its bytes.
  package struct Message: Hashable, Sendable {
    /// What the store's commands call it.
    package var place: String
    package var taskID: String
    /// Where it was to go.
    package var destination: String
    package var reason: String
    /// When it was set aside; nil: another client has changed what tells it.
    package var at: UnixTime?

    package init(place: String, taskID: String, destination: String, reason: String, at: UnixTime?) {
      self.place = place
      self.taskID = taskID
      self.destination = destination
      self.reason = reason
      self.at = at
    }
  }

  package var count: Int
  /// The newest of them, the newest first.
  package var newest: [Message]

  package init(count: Int, newest: [Message]) {
    self.count = count
    self.newest = newest
  }

  package static let none = MessagesSetAside(count: 0, newest: [])
}

extension Route {
  /// The place for people and tools.
  package var words: String {
    switch self {
    case .queue(let name): "queue \(name)"
    case .exchange(let name, let key): "exchange \(name), routing key \(key)"
    }
  }
}

extension FindingList {
  /// How many messages are shown.
  package static let shownSetAside = 3

  /// - Parameters:
  ///   - putBack: the command that puts a message into the outbox again.
  ///   - drop: the command that deletes it.
  package func addSetAside(
    _ messages: MessagesSetAside, putBack: (MessagesSetAside.Message) -> String,
    drop: (MessagesSetAside.Message) -> String
  ) {
    guard messages.count > 0 else { return }
    let shown = messages.newest.prefix(Self.shownSetAside)
    for message in shown {
      let time = message.at.map { " at \($0.iso8601)" } ?? ""
      add(
        .warning, "set aside",
        "the message of task \(message.taskID) to \(message.destination) was set aside\(time), and is not sent: "
          + message.reason,
        fix: "to put it back, once its cause is mended: \(putBack(message)) -- to drop it: \(drop(message))")
    }
    let others = messages.count - shown.count
    if others > 0 {
      add(
        .warning, "set aside", "\(Plural.of(others, "older message")) \(others == 1 ? "is" : "are") set aside",
        fix: "look again when these are put back or dropped")
    }
  }
}
