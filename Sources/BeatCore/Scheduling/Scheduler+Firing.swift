/// Occurrences as they fall due, and what becomes of them.
extension Scheduler {
  mutating func begin(_ handle: DueHeap.Handle, now: UnixTime) {
    guard case .waiting? = entries[handle]?.phase else { return }
    guard let due = entries[handle]?.nextDue, let occurrence = occurrence(of: handle, due: due, now: now),
      let entry = entries[handle]
    else { return passOver(handle, now: now) }
    let time = entry.sending(of: occurrence)
    guard time <= now else { return wait(handle, until: time) }
    let reason = reason(entry, due: occurrence, now: now)
    guard let plan = plan(handle, entry, due: occurrence, reason: reason, now: now) else {
      return reject(entry.name, entry.document, "cannot be read any more")
    }
    entries[handle]?.phase = .firing(plan)
    inFlight += 1
    bytesInFlight += plan.size
    rate?.take()
    actions.append(.fire(plan))
  }

  /// Nothing of it could be begun: it waits for what lies ahead of `now`, or rests. With a time that has passed the timer
  /// would go off again at once, and without end.
  mutating func passOver(_ handle: DueHeap.Handle, now: UnixTime) {
    func isAhead(_ entry: ScheduleEntry) -> Bool { entry.nextDue.map { entry.sending(of: $0) > now } ?? true }
    if var entry = entries[handle], !isAhead(entry) {
      entry.immediate = nil
      entry.floor = max(entry.floor ?? now, now)
      entries[handle] = entry
    }
    let entry = entries[handle]
    wait(handle, next: entry.map(isAhead) == true ? entry?.nextDue : nil)
    keepEnd(handle)
    reportFinish(handle)
  }

  private func reason(_ entry: ScheduleEntry, due: UnixTime, now: UnixTime) -> FireReason {
    if entry.refusal != nil { return .queue }
    if entry.immediate != nil { return .immediate }
    return now.microseconds(since: entry.sending(of: due)) > configuration.missedAfter ? .catchUp : .schedule
  }

  mutating func ended(_ plan: FirePlan, _ outcome: FireOutcome, now: UnixTime) {
    inFlight -= 1
    bytesInFlight -= plan.size
    if outcome == .fired { outbox?.fired(plan) }
    // Marked already with our own task id: by our own hand if an answer was lost, else by another daemon's.
    let wasLost = !lostAnswers.isEmpty && lostAnswers.removeValue(forKey: plan.entry) == plan.taskID
    if outcome == .fired || outcome == .alreadyMine && wasLost {
      reportFired(plan, at: now, confirmed: outcome == .alreadyMine)
    }
    // The schedule may have been deleted, or set aside, while the script was on its way.
    guard let handle = entries.handle(of: plan.entry), var entry = entries[handle],
      case .firing(let current) = entry.phase, current == plan
    else { return }
    let step = pendingSteps.isEmpty ? 0 : pendingSteps.removeValue(forKey: plan.entry) ?? 0
    if step != 0, outcome != .fired {
      let base = moved(entry.base, of: entry, by: step, now: now)
      rebase(handle, to: base)
      entry.base = base
    }
    switch outcome {
    case .fired:
      busiest.count(handle, at: now)
      entry.ran(plan.due, count: plan.mark.totalRunCount)
      entry.markBeforeOurs = nil
      entry.isBaseMeasured = true
      entry.refusal = nil
      if !oddities.damaged.isEmpty { oddities.damaged[plan.entry] = nil }
      guard entry.document == plan.oldDocument else { return resolve(handle, entry) }
      entry.document = plan.newDocument
      entry.timing.runImmediately = false
      entries[handle] = entry
      if step != 0 { rebase(handle, to: moved(entry.base, of: entry, by: step, now: now)) }
      waitAgain(handle, now: now)
      reportFinish(handle)
    case .alreadyMine, .already:
      entry.base = max(entry.base, plan.due)
      entry.immediate = nil
      resolve(handle, entry)
    case .gone, .changed:
      doubted.insert(plan.entry)
      resolve(handle, entry)
    case .unknown, .wrongServer:
      entry.phase = .unresolved(plan)
      entries[handle] = entry
      lostAnswers[plan.entry] = plan.taskID
    case .early where step != 0:
      // By the clock as it was when the plan was made.
      entries[handle] = entry
      wait(handle)
    case .early(let serverTime):
      let ahead = max(1_000, plan.due.microseconds(since: serverTime))
      // To a tenth of a second, and so the same at the next attempt: it is said once.
      let behind = DocumentNumber.seconds(now.microseconds(since: serverTime) / 100_000 * 100_000)
      hold(handle, entry, plan, "Redis' clock is \(behind) s behind ours, and rules", now: now, for: ahead)
    case .fenced:
      // Whoever holds the lease fires it; should it come back to us, it is still due.
      entries[handle] = entry
      wait(handle)
    case .refused(let reason), .forbidden(let reason):
      hold(handle, entry, plan, reason, now: now, for: 1_000_000 << Int64(min(entry.refusal?.count ?? 0, 6)))
    }
  }

  /// What stands in Redis is not what the plan was made from: read it, then decide again.
  mutating func resolve(_ handle: DueHeap.Handle, _ entry: ScheduleEntry) {
    entries[handle] = entry
    unqueue(handle)
    entries[handle]?.phase = .unresolved(nil)
    touch(entry.name)
  }

  /// The occurrence stays due; the next attempt comes later, at most a minute.
  private mutating func hold(
    _ handle: DueHeap.Handle, _ entry: ScheduleEntry, _ plan: FirePlan, _ reason: String, now: UnixTime,
    for delay: Int64
  ) {
    let until = now.advanced(by: min(delay, 60_000_000))
    entries[handle] = entry
    entries[handle]?.refusal = ScheduleEntry.Refusal(count: (entry.refusal?.count ?? 0) + 1, reason: reason)
    wait(handle, until: until)
    if entry.refusal?.reason != reason {
      actions.append(.report(.held(entry.name, due: plan.due, reason: reason, until: until)))
    }
  }

  mutating func reportFired(_ plan: FirePlan, at time: UnixTime, confirmed: Bool) {
    actions.append(
      .report(
        .fired(
          plan.entry, task: plan.task, taskID: plan.taskID, due: plan.due, at: time, route: plan.route,
          confirmed: confirmed)))
  }
}
