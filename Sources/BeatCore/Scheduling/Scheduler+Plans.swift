/// Makes a fire's plan from an entry and a due time.
extension Scheduler {
  /// Makes the plan of one occurrence, from the schedule's template if there is one.
  ///
  /// - Returns: the plan; nil if the document cannot be read any more.
  mutating func plan(
    _ handle: DueHeap.Handle, _ entry: ScheduleEntry, due: UnixTime, sending: UnixTime, reason: FireReason,
    now: UnixTime
  ) -> FirePlan? {
    let id = TaskID(key: configuration.taskIDs.bytes(of: entry.name), due: due, sha1: configuration.sha1)
    let count = Self.next(entry.progress.totalRunCount)
    if let plan = templates.plan(
      handle, entry, id, due: due, sending: sending, reason: reason, count: count, now: now)
    {
      return keepingTrailingFields(plan)
    }
    guard let (plan, template) = draft(entry, id, due: due, sending: sending, reason: reason, now: now)
    else { return nil }
    // A long document gets a template even while few fires are in flight: its plan takes up to a tenth of a second to
    // make.
    if let template, inFlight >= configuration.templatesFrom || entry.document.count > configuration.templatesFromBytes
    {
      templates.keep(template, of: handle, every: due.microseconds(since: entry.progress.base), now: now)
    }
    return keepingTrailingFields(plan)
  }

  private func keepingTrailingFields(_ plan: FirePlan) -> FirePlan {
    guard !oddities.trailing.isEmpty, let trailing = oddities.trailing[plan.entry] else { return plan }
    var watermark = plan.watermark
    watermark.trailing = trailing
    return FirePlan(
      entry: plan.entry, task: plan.task, taskID: plan.taskID, due: plan.due, sending: plan.sending,
      oldDocument: plan.oldDocument, newDocument: plan.newDocument, message: plan.message, route: plan.route,
      priority: plan.priority,
      watermark: watermark, reason: plan.reason)
  }

  /// The plan of one occurrence from the document's own text, and the template for the next ones; nil if the document
  /// cannot be read. The template is nil if the message depends on the time.
  func draft(
    _ entry: ScheduleEntry, _ id: TaskID, due: UnixTime, sending: UnixTime, reason: FireReason, now: UnixTime
  ) -> (plan: FirePlan, template: FireTemplate?)? {
    guard let layout = try? DocumentLayout(entry.document) else { return nil }
    var reader = DocumentReader(layout: layout, context: configuration.documents)
    guard let (task, options) = try? reader.sending() else { return nil }
    let count = Self.next(entry.progress.totalRunCount)
    let route = Route(options, defaultQueue: configuration.defaultQueue)
    let message = TaskMessage(
      task: task, id: id, options: options, route: route, layout: layout, origin: configuration.origin,
      replyTo: configuration.replyTo, now: now)
    let prepared = envelope.prepare(message)
    let fired = layout.fired(due: due, count: count, newDate: configuration.documents.newDate)
    let plan = FirePlan(
      entry: entry.name, task: task, taskID: id, due: due, sending: sending, oldDocument: entry.document,
      newDocument: fired.bytes,
      message: prepared.bytes, route: route, priority: options.priority ?? 0,
      watermark: Watermark(
        due: due, taskID: id, totalRunCount: count, digest: entry.digest(afterRun: due, count: count)),
      reason: reason)
    return (plan, message.isTimeless ? FireTemplate(plan, fired, prepared, now: now) : nil)
  }

  /// Takes in how the messages of the session that begins get to the broker.
  mutating func use(_ delivery: Delivery) {
    guard delivery != self.delivery else { return }
    self.delivery = delivery
    // Their messages have the other form.
    templates.removeAll()
  }

  private var envelope: any MessageEnvelope {
    switch delivery {
    case .direct: configuration.envelope
    case .outbox: configuration.outboxEnvelope
    }
  }

  private static func next(_ count: Int64) -> Int64 {
    let (next, overflow) = count.addingReportingOverflow(1)
    return overflow ? count : next
  }
}
