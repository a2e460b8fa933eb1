/// Fires occurrences when they fall due, and takes in the outcomes.
extension Scheduler {
  mutating func begin(_ handle: DueHeap.Handle, now: UnixTime) {
    guard entries.isWaiting(handle) else { return }
    guard let due = entries[handle]?.nextDue, let occurrence = occurrence(of: handle, due: due, now: now),
      let entry = entries[handle]
    else { return passOver(handle, now: now) }
    let time = entry.sending(of: occurrence)
    guard time <= now else { return wait(handle, until: time) }
    let reason = reason(entry, due: occurrence, now: now)
    guard let plan = plan(handle, entry, due: occurrence, sending: time, reason: reason, now: now) else {
      return reject(entry.name, entry.document, .unreadable)
    }
    move(handle, to: .firing(plan))
    inFlight += 1
    bytesInFlight += plan.size
    rate?.take()
    actions.append(.fire(plan))
  }

  /// Makes a schedule wait whose due occurrence could not be begun: until its next time after `now`, or at rest. With a
  /// time in the past, the timer would go off again at once, without end.
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
    if entry.refusals != nil { return .queue }
    if entry.immediate != nil { return .immediate }
    return now.microseconds(since: entry.sending(of: due)) > configuration.missedAfter ? .catchUp : .schedule
  }

  mutating func ended(_ plan: FirePlan, _ outcome: FireOutcome, now: UnixTime) {
    inFlight -= 1
    bytesInFlight -= plan.size
    if outcome == .fired { outbox?.fired(plan) }
    // The document may have been deleted or set aside while the script was on its way.
    guard let handle = entries.handle(of: plan.entry), var entry = entries[handle] else {
      if outcome == .fired { reportFired(plan, at: now, confirmed: false) }
      return
    }
    // The watermark already holds this task id. If an answer was lost, this process wrote it; otherwise, another daemon
    // did.
    let lostAnswer = entry.lostAnswer
    if outcome == .fired || outcome == .alreadyMine && lostAnswer == plan.taskID {
      reportFired(plan, at: now, confirmed: outcome == .alreadyMine)
    }
    entry.lostAnswer = nil
    if entry.phase.isFiring(plan) {
      tell(entry.transition(to: .unresolved(plan)), of: plan.entry)
      answered(handle, &entry, plan, outcome, now: now)
    } else if lostAnswer != nil {
      entries[handle] = entry
    }
  }

  /// Takes in the outcome of a plan.
  ///
  /// - Parameter entry: the entry as it is from now on. The caller passes it so that its place in the table is written
  ///   once.
  private mutating func answered(
    _ handle: DueHeap.Handle, _ entry: inout ScheduleEntry, _ plan: FirePlan, _ outcome: FireOutcome, now: UnixTime
  ) {
    let step = entry.pendingStep
    entry.pendingStep = 0
    if outcome == .fired { return fired(handle, &entry, plan, step: step, now: now) }
    entries[handle] = entry
    if step != 0 { rebase(handle, to: moved(entry.progress.base, of: entry, by: step, now: now)) }
    switch outcome {
    case .fired: break
    case .alreadyMine, .already:
      entries[handle]?.wasFired(plan.due)
      resolve(handle)
    case .gone, .changed:
      secondLooks.doubt(plan.entry)
      resolve(handle)
    case .unknown, .wrongServer: entries[handle]?.lostAnswer = plan.taskID
    // The plan was made by the clock before its step.
    case .early where step != 0: wait(handle)
    case .early(let serverTime):
      let tenths = now.microseconds(since: serverTime) / 100_000
      let ahead = max(1_000, plan.due.microseconds(since: serverTime))
      postpone(handle, plan, .clockBehind(tenths: tenths), by: ahead, now: now)
    // The daemon that holds the lease fires it. If the lease comes back to this process, the occurrence is still due.
    case .fenced: wait(handle)
    case .refused(let reason), .forbidden(let reason):
      let pause: Int64 = 1_000_000 << Int64(min(entry.refusals?.count ?? 0, 6))
      postpone(handle, plan, .refused(reason), by: pause, now: now)
    }
  }

  private mutating func fired(
    _ handle: DueHeap.Handle, _ entry: inout ScheduleEntry, _ plan: FirePlan, step: Int64, now: UnixTime
  ) {
    busiest.count(handle, at: now)
    if !oddities.damaged.isEmpty { oddities.damaged[plan.entry] = nil }
    if entry.refusals != nil { entries.deferred(-1) }
    let isAsPlanned = entry.fired(plan)
    entries[handle] = entry
    guard isAsPlanned else { return resolve(handle) }
    if step != 0 { rebase(handle, to: moved(entry.progress.base, of: entry, by: step, now: now)) }
    waitAgain(handle, now: now)
    reportFinish(handle)
  }

  /// Reads the document again before anything of the schedule fires: the stored document is not the one that the plan
  /// was made from, or it is not known.
  mutating func resolve(_ handle: DueHeap.Handle) {
    guard let name = entries[handle]?.name else { return }
    unqueue(handle)
    move(handle, to: .unread)
    touch(name)
  }

  /// Puts off an occurrence, which stays due. The next attempt comes after `delay` microseconds, at most a minute.
  private mutating func postpone(
    _ handle: DueHeap.Handle, _ plan: FirePlan, _ obstacle: Obstacle, by delay: Int64, now: UnixTime
  ) {
    let until = now.advanced(by: min(delay, 60_000_000))
    let before = entries[handle]?.refusals
    entries[handle]?.refusals = PassingState.Refusals(count: (before?.count ?? 0) + 1, obstacle: obstacle)
    if before == nil { entries.deferred(1) }
    wait(handle, until: until)
    if before?.obstacle != obstacle {
      actions.append(.report(.deferred(plan.entry, due: plan.due, reason: obstacle.description, until: until)))
    }
  }

  mutating func reportFired(_ plan: FirePlan, at time: UnixTime, confirmed: Bool) {
    actions.append(.report(.fired(plan, at: time, confirmed: confirmed)))
  }
}
