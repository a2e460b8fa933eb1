/// What the shell commands ask a broker about its queues. A call waits for the answer. No method changes anything.
package protocol BrokerInspector: AnyObject {
  /// The broker's name for people, without a password.
  var name: String { get }
  /// Which priority is served first, in words for people.
  var priorityRule: String { get }

  /// Where the messages of a route go.
  func target(of route: Route) throws(StoreError) -> RouteTarget
  /// The place of a queue's messages of one priority, as the broker calls it.
  func place(of queue: [UInt8], priority: Int64) -> [UInt8]
  /// The queue of such a place.
  func queue(of place: [UInt8]) -> [UInt8]
  /// Such a place in words for people.
  func words(for place: [UInt8]) -> String
  /// The command that puts a message there, for people who want to see what is sent.
  func command(for place: [UInt8]) -> String
  /// How many messages wait at a place; nil: the broker's reply holds no number.
  func length(of place: [UInt8]) throws(StoreError) -> Int64?

  /// Why workers may leave a queue alone though they wait for messages, as a comment behind the command that starts one; "":
  /// nothing is known.
  var idleWorkerNote: String { get }

  /// The contents of a queue, of all priorities together.
  func contents(of queue: [UInt8]) throws(StoreError) -> QueueContents
  /// Bytes that stay the same as long as no worker takes a message from a queue, such as its next message.
  /// `told(nil)`: the queue is empty, or its messages are taken.
  func standstill(of queue: [UInt8]) throws(StoreError) -> Visible<[UInt8]?>
  /// How many workers wait for messages of these queues.
  func waitingWorkers(on queues: Set<[UInt8]>) throws(StoreError) -> Visible<Int>
}

/// Where the messages of a route go.
package enum RouteTarget: Hashable, Sendable {
  /// To each of these queues. Empty: the route's exchange has no queue for its routing key.
  case queues([[UInt8]])
  /// To an exchange whose queues the broker does not tell.
  case exchange
  /// Nowhere. The texts say why, and what to do.
  case nowhere(problem: String, fix: String)

  /// The queues, as far as they are known.
  package var queues: [[UInt8]] { if case .queues(let queues) = self { queues } else { [] } }
}

/// A fact about the broker, or the right that this user lacks to see it.
package enum Visible<Value> {
  case told(Value)
  case hidden(right: String)
}

package enum QueueContents: Hashable, Sendable {
  /// The number of messages that wait.
  case messages(Int64)
  /// This user may not see the queue, because it lacks this right.
  case hidden(right: String)
  /// The queue's place can hold no message. The texts say why, and what to do.
  case unusable(problem: String, fix: String)
}
