/// One occurrence to fire: all that the store needs, made once. Carrying it out again is always safe.
///
/// A class, since it is passed from hand to hand on its way, and nothing in it changes.
package final class FirePlan: Hashable, Sendable {
  package let entry: EntryName
  /// The task's name, for the log.
  package let task: String
  package let taskID: TaskID
  /// The occurrence's nominal time.
  package let due: UnixTime
  /// The document's bytes that were decided on, which are its revision: the store refuses if others stand there now.
  package let oldDocument: [UInt8]
  package let newDocument: [UInt8]
  package let message: [UInt8]
  package let route: Route
  package let priority: Int64
  package let watermark: Watermark
  package let reason: FireReason

  init(
    entry: EntryName, task: String, taskID: TaskID, due: UnixTime, oldDocument: [UInt8], newDocument: [UInt8],
    message: [UInt8], route: Route, priority: Int64, watermark: Watermark, reason: FireReason
  ) {
    self.entry = entry
    self.task = task
    self.taskID = taskID
    self.due = due
    self.oldDocument = oldDocument
    self.newDocument = newDocument
    self.message = message
    self.route = route
    self.priority = priority
    self.watermark = watermark
    self.reason = reason
  }

  /// What is sent of it; bytes.
  var size: Int { oldDocument.count + newDocument.count + message.count }

  package static func == (left: FirePlan, right: FirePlan) -> Bool {
    left === right
      || left.entry == right.entry && left.task == right.task && left.taskID == right.taskID && left.due == right.due
        && left.oldDocument == right.oldDocument && left.newDocument == right.newDocument
        && left.message == right.message && left.route == right.route && left.priority == right.priority
        && left.watermark == right.watermark && left.reason == right.reason
  }

  package func hash(into hasher: inout Hasher) { hasher.combine(taskID) }
}

/// Why something is fired.
package enum FireReason: String, Hashable, Sendable {
  /// It is due.
  case schedule
  /// It was missed, and is made up for.
  case catchUp = "catch-up"
  /// The document asks for a run at once.
  case immediate
  /// It was due before, and its queue could not take it.
  case queue
  /// Somebody wants it now.
  case manual
}

/// What became of a fire.
package enum FireOutcome: Hashable, Sendable {
  /// Pushed, marked and written back.
  case fired
  /// The watermark already holds this task id: an own reply that was lost, or a document rolled back since.
  case alreadyMine
  /// The watermark holds this due time or a newer one.
  case already
  /// No document stands there.
  case gone
  /// Another document stands there.
  case changed
  /// Not yet due by the store's clock, which shows this time.
  case early(serverTime: UnixTime)
  /// Another daemon holds the lease.
  case fenced
  /// Nothing was changed, and trying again later is right: a queue key of the wrong type, an exchange without a queue,
  /// a server that is out of memory. The text says what and where.
  case refused(String)
  /// The same, for a reason that is this daemon's own: its user may not do it. Another daemon perhaps may.
  case forbidden(String)
  /// Nothing was changed, and this server will not do it: it is a replica now, still loading, or wants a password. A
  /// new connection may lead to one that does. The text is the server's.
  case wrongServer(String)
  /// The connection died first: it may have happened, or may not.
  case unknown
}
