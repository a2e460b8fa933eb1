/// One occurrence to fire, with all that the store needs. It is made once, and it is always safe to carry it out again.
///
/// It is a class, since many parts of the daemon pass it on, and nothing in it changes.
package final class FirePlan: Hashable, Sendable {
  package let entry: EntryName
  /// The task's name, for the log.
  package let task: String
  package let taskID: TaskID
  /// The occurrence's nominal time.
  package let due: UnixTime
  /// When the message should be sent: at the due time, or later by the schedule's jitter.
  package let sending: UnixTime
  /// The bytes of the document that the plan was made from, which are its revision. If the stored document has others,
  /// the store does not fire.
  package let oldDocument: [UInt8]
  package let newDocument: [UInt8]
  package let message: [UInt8]
  package let route: Route
  package let priority: Int64
  package let watermark: Watermark
  package let reason: FireReason

  /// - Parameter sending: nil: at the due time.
  init(
    entry: EntryName, task: String, taskID: TaskID, due: UnixTime, sending: UnixTime? = nil, oldDocument: [UInt8],
    newDocument: [UInt8], message: [UInt8], route: Route, priority: Int64, watermark: Watermark, reason: FireReason
  ) {
    self.entry = entry
    self.task = task
    self.taskID = taskID
    self.due = due
    self.sending = sending ?? due
    self.oldDocument = oldDocument
    self.newDocument = newDocument
    self.message = message
    self.route = route
    self.priority = priority
    self.watermark = watermark
    self.reason = reason
  }

  /// The bytes of the documents and the message that are sent to the store.
  var size: Int { oldDocument.count + newDocument.count + message.count }

  package static func == (left: FirePlan, right: FirePlan) -> Bool {
    left === right
      || left.entry == right.entry && left.task == right.task && left.taskID == right.taskID && left.due == right.due
        && left.sending == right.sending
        && left.oldDocument == right.oldDocument && left.newDocument == right.newDocument
        && left.message == right.message && left.route == right.route && left.priority == right.priority
        && left.watermark == right.watermark && left.reason == right.reason
  }

  package func hash(into hasher: inout Hasher) { hasher.combine(taskID) }
}

/// Why an occurrence is fired.
package enum FireReason: String, Hashable, Sendable {
  /// The occurrence is due.
  case schedule
  /// The occurrence was missed, and is made up for.
  case catchUp = "catch-up"
  /// The document asks for a run at once, by `run_immediately`.
  case immediate
  /// The occurrence was due before, and the store refused it then, for example because of its queue.
  case queue
  /// A user asked for the run.
  case manual
}

/// What became of a fire.
package enum FireOutcome: Hashable, Sendable {
  /// The message was pushed, the watermark set, and the document written back.
  case fired
  /// The watermark already holds this task id: this daemon's own reply was lost, or a client has written an old
  /// document back.
  case alreadyMine
  /// The watermark holds this due time or a newer one.
  case already
  /// The store has no document of this name.
  case gone
  /// The stored document is not the one that the plan was made from.
  case changed
  /// The occurrence is not yet due by the store's clock, which shows this time.
  case early(serverTime: UnixTime)
  /// Another daemon holds the lease.
  case fenced
  /// The store changed nothing, and another attempt may succeed: a queue's place has the wrong type, an exchange has no
  /// queue, or the server is out of memory. The text says what and where.
  case refused(String)
  /// The store changed nothing, since this daemon's user may not do it. Another daemon perhaps may.
  case forbidden(String)
  /// The store changed nothing, and this server will not do it: it is a replica now, still loading, or wants a
  /// password. A new connection may lead to a server that does. The text is the server's.
  case wrongServer(String)
  /// The connection died first. It is unknown whether the plan was carried out.
  case unknown
}
