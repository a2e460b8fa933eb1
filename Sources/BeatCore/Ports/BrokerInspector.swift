/// What the shell commands ask a broker about its queues. A call waits for the answer. No method changes anything.
package protocol BrokerInspector: AnyObject {
  /// The broker's name for people, without a password.
  var name: String { get }

  /// The queues that get a message of this route: the route's own queue, or those that are bound to its exchange by its
  /// routing key.
  func queues(of route: Route) throws(StoreError) -> [[UInt8]]
  /// The place of a queue's messages of one priority, as the broker calls it.
  func place(of queue: [UInt8], priority: Int64) -> [UInt8]
  /// How many messages wait at a place; nil: the broker's reply holds no number.
  func length(of place: [UInt8]) throws(StoreError) -> Int64?

  /// The contents of a queue, of all priorities together.
  func contents(of queue: [UInt8]) throws(StoreError) -> QueueContents
  /// The message that a worker takes next from a queue. `told(nil)`: the queue is empty.
  func nextMessage(of queue: [UInt8]) throws(StoreError) -> Visible<[UInt8]?>
  /// How many workers wait for a message.
  func waitingWorkers() throws(StoreError) -> Visible<Int>
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
