/// What a broker can tell a person of its queues: for commands of a shell, which ask and wait for the answer. Nothing is
/// changed.
package protocol BrokerInspector: AnyObject {
  /// As people know the broker: without a password.
  var name: String { get }

  /// The queues that a message goes to by its route, by their bindings.
  func queues(of route: Route) throws(StoreError) -> [[UInt8]]
  /// Where a queue's messages of a priority lie, as the broker itself calls the place.
  func place(of queue: [UInt8], priority: Int64) -> [UInt8]
  /// How many messages wait at a place.
  func length(of place: [UInt8]) throws(StoreError) -> Int64?

  /// What is in a queue, of all priorities.
  func contents(of queue: [UInt8]) throws(StoreError) -> QueueContents
  /// The message that is taken next from a queue; nil in it: there is none.
  func nextMessage(of queue: [UInt8]) throws(StoreError) -> Visible<[UInt8]?>
  /// How many workers wait for messages.
  func waitingWorkers() throws(StoreError) -> Visible<Int>
}

/// What a broker tells, or the right that this user lacks to be told it.
package enum Visible<Value> {
  case told(Value)
  case hidden(right: String)
}

package enum QueueContents: Hashable, Sendable {
  /// So many messages wait.
  case messages(Int64)
  /// This user may not see it, for want of a right.
  case hidden(right: String)
  /// No message fits in; why, and what to do.
  case unusable(problem: String, fix: String)
}
