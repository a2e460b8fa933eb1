/// A message that waits on the store to be put on the queues of a broker which is another server.
///
/// Two fires of one occurrence have the same task id, by which the broker knows the second.
package struct OutboxItem: Hashable, Sendable {
  package var taskID: TaskID
  /// A named exchange's queues are looked up on the broker, when the message goes there.
  package var route: Route
  package var priority: Int64
  /// `OutboxMessage` reads it. Each publisher makes its broker's form of it.
  package var message: [UInt8]
  /// As the item says it, so that no daemon takes a form for another one, and one of version 0.1, which knows its own form
  /// only, leaves the others alone.
  package var form: OutboxMessage.Form

  package init(
    taskID: TaskID, route: Route, priority: Int64, message: [UInt8], form: OutboxMessage.Form = .neutral
  ) {
    self.taskID = taskID
    self.route = route
    self.priority = priority
    self.message = message
    self.form = form
  }

  package init(_ plan: FirePlan) {
    self.init(taskID: plan.taskID, route: plan.route, priority: plan.priority, message: plan.message)
  }
}
