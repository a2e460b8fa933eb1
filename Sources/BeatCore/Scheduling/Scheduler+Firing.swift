/// Occurrences as they fall due, and what becomes of them.
extension Scheduler {
  mutating func begin(_ handle: DueHeap.Handle, now: UnixTime) {
    guard entries[handle]?.isWaiting == true else { return }
    guard let due = entries[handle]?.nextDue, let occurrence = occurrence(of: handle, due: due, now: now),
      let entry = entries[handle]
    else { return passOver(handle, now: now) }
    let time = entry.sending(of: occurrence)
    guard time <= now else { return wait(handle, until: time) }
    let reason = reason(entry, due: occurrence, now: now)
    guard let plan = plan(handle, entry, due: occurrence, reason: reason, now: now) else {
      return reject(entry.name, entry.document, .unreadable)
    }
    move(handle, to: .firing(plan))
    inFlight += 1
    bytesInFlight += plan.size
    rate?.take()
    actions.append(.fire(plan))
  }

  /// Nothing of it could be begun: it waits for what lies ahead of `now`, or rests. With a time that has passed the
  /// timer would go off again at once, and without end.
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
    // The schedule may have been deleted, or set aside, while the script was on its way.
    guard let handle = entries.handle(of: plan.entry), var entry = entries[handle] else {
      if outcome == .fired { reportFired(plan, at: now, confirmed: false) }
      return
    }
    // Marked already with our own task id: by our own hand if an answer was lost, else by another daemon's.
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

  /// - Parameter entry: as it is to be from now on; its place in the table is changed once.
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
    // By the clock as it was when the plan was made.
    case .early where step != 0: wait(handle)
    case .early(let serverTime):
      let tenths = now.microseconds(since: serverTime) / 100_000
      let ahead = max(1_000, plan.due.microseconds(since: serverTime))
      postpone(handle, plan, .clockBehind(tenths: tenths), by: ahead, now: now)
    // Whoever holds the lease fires it; should it come back to us, it is still due.
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
    let isAsPlanned = entry.fired(plan)
    entries[handle] = entry
    guard isAsPlanned else { return resolve(handle) }
    if step != 0 { rebase(handle, to: moved(entry.progress.base, of: entry, by: step, now: now)) }
    waitAgain(handle, now: now)
    reportFinish(handle)
  }

  /// The stored document is not the one that the plan was made from, or is not known: it is read, and then decided again.
  mutating func resolve(_ handle: DueHeap.Handle) {
    guard let name = entries[handle]?.name else { return }
    unqueue(handle)
    move(handle, to: .unread)
    touch(name)
  }

  /// The occurrence stays due; the next attempt comes later, at most a minute.
  private mutating func postpone(
    _ handle: DueHeap.Handle, _ plan: FirePlan, _ obstacle: Obstacle, by delay: Int64, now: UnixTime
  ) {
    let until = now.advanced(by: min(delay, 60_000_000))
    let before = entries[handle]?.refusals
    entries[handle]?.refusals = PassingState.Refusals(count: (before?.count ?? 0) + 1, obstacle: obstacle)
    wait(handle, until: until)
    if before?.obstacle != obstacle {
      actions.append(.report(.deferred(plan.entry, due: plan.due, reason: obstacle.description, until: until)))
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
