/// A message that waits on the store to be put on the queues of a broker which is another server.
///
/// Two fires of one occurrence have the same task id, by which the broker knows the second.
package struct OutboxItem: Hashable, Sendable {
  package var taskID: TaskID
  /// A named exchange's queues are looked up on the broker, when the message goes there.
  package var route: Route
  package var priority: Int64
  /// In the broker's form.
  package var message: [UInt8]

  package init(taskID: TaskID, route: Route, priority: Int64, message: [UInt8]) {
    self.taskID = taskID
    self.route = route
    self.priority = priority
    self.message = message
  }

  package init(_ plan: FirePlan) {
    self.init(taskID: plan.taskID, route: plan.route, priority: plan.priority, message: plan.message)
  }
}
