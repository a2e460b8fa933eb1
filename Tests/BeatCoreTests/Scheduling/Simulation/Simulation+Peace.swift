@testable import BeatCore

extension Simulation {
  /// Repairs what only an operator could repair, lets each schedule come due, waits until nothing is on its way, and
  /// checks everything.
  mutating func settle() {
    say("--- peace")
    isPeace = true
    defer { (isPeace, wasSwapped) = (false, false) }
    for (number, schedule) in world.schedules.enumerated() where schedule.kind == .loose {
      // A late read of the document would hide an event that was missed.
      guard chance.once(in: 4) else { continue }
      write(number, document(number))
    }
    while !missing.isEmpty { restore() }
    while !zombies.isEmpty { executeZombie() }
    if serverOffset != 0 {
      // A process that has started since the last step has only watermarks from before the step. It cannot tell the
      // step from a long sleep.
      quiet()
      setServer(0)
    }
    // In peace, too, some daemons may not fire, as long as one may.
    if world.harms.contains(.takeRights) { setRights(of: [.fire]) }
    // A lease can be of the time before the clock was set back, if it is too short for the heartbeat to see that.
    if let end = store.leaseEnd, end > serverTime.advanced(by: patience) { store.deleteLease() }
    for index in daemons.indices {
      daemons[index].frozenUntil = nil
      daemons[index].deafUntil = nil
      if world.losesEvents { daemons[index].reload(at: now) }
    }
    let end = now.advanced(by: world.peace)
    let deadline = now.advanced(by: patience + 10_000)
    var isLed = !world.hasLease
    quiet()
    while now < end {
      now = min(end, max(now.advanced(by: 1), nextWake))
      store.expire(now: serverTime)
      quiet()
      isLed = isLed || isLeadingSomebody
      if !isLed, now > deadline { return complain("no daemon leads \(patience / 1_000) ms after peace") }
    }
    check()
    takeDump()
  }

  private var nextWake: UnixTime {
    let expiry = store.leaseEnd?.advanced(by: -serverOffset)
    return (daemons.compactMap { $0.nextWake } + [expiry].compactMap { $0 }).filter { $0 > now }.min()
      ?? now.advanced(by: 100_000 * world.pace)
  }

  private var isLeadingSomebody: Bool { daemons.contains { $0.isLeading } }

  private mutating func quiet() {
    var turns = 0
    var isBusy = true
    while isBusy {
      afterwards()
      for index in daemons.indices {
        while !daemons[index].requests.isEmpty { execute(index) }
        if daemons[index].isWaitingToSubscribe { daemons[index].subscribed(at: now) }
        while !daemons[index].replies.isEmpty { take(index) }
        afterwards()
        while !daemons[index].events.isEmpty { daemons[index].hear(at: now) }
        afterwards()
        while daemons[index].isDue(at: now) { daemons[index].wake(at: now) }
      }
      afterwards()
      isBusy = daemons.contains { !$0.isQuiet || $0.isDue(at: now) || $0.isWaitingToSubscribe }
      turns += 1
      guard turns < 20_000 else { return complain("it does not come to rest") }
    }
  }

  // MARK: what must hold in peace

  private mutating func check() {
    for (number, schedule) in world.schedules.enumerated() {
      let name = schedule.name
      let slack = 200_000 + 2 * world.skew
      judges[number].settle(store.documents[name], store.watermark(of: name), now: serverTime, slack: slack)
      let found = judges[number].takeProblems() + problemsOfEdits(name) + problemsOfMemory(name)
      for problem in found { complain("\(name): \(problem)") }
    }
    guard world.hasLease else { return }
    let leaders = daemons.filter { $0.isLeading }.map { $0.instance }
    let holder = store.leaseholder(now: serverTime)?.split(separator: ":").first.map { String($0) }
    if leaders != [holder ?? ""] { complain("\(leaders) lead, and the lease is \(holder ?? "nobody")'s") }
  }

  /// The stored document is what a client wrote last, apart from the bookkeeping.
  private func problemsOfEdits(_ name: EntryName) -> [String] {
    func content(_ bytes: [UInt8]?) -> [String]? {
      guard let layout = bytes.flatMap({ try? DocumentLayout($0) }) else { return nil }
      return layout.members.filter { !["last_run_at", "total_run_count"].contains($0.key) }.map { member in
        "\(member.key): \(String(Array(layout.bytes[member.value.range])))"
      }
    }
    let (wanted, found) = (content(written[name]), content(store.documents[name]))
    return wanted == found ? [] : ["\(wanted ?? []) was written, and \(found ?? []) is stored"]
  }

  /// Every daemon knows the stored document, and goes on from what has been fired.
  private func problemsOfMemory(_ name: EntryName) -> [String] {
    daemons.indices.compactMap { index -> String? in
      let scheduler = daemons[index].scheduler
      let instance = daemons[index].instance
      guard scheduler.isWatching else { return "\(instance) does not watch" }
      guard scheduler.heap.invariantsHold else { return "\(instance) has a broken heap" }
      let read = Scheduler.DocumentRead(store.documents[name].map { .document($0) } ?? .absent, watermark: nil)
      guard scheduler.isKnown(name, read) else { return "\(instance) knows another document" }
      guard let entry = scheduler.entries.handle(of: name).flatMap({ scheduler.entries[$0] }) else { return nil }
      if case .firing = entry.phase { return "\(instance) waits for an answer" }
      // A daemon that was running when the clock was set ahead and back counts from when a run truly was. One that
      // started later counts from when the clock showed it. For a schedule that runs rarely or rests, the watermark
      // need not have the difference yet.
      let next = entry.nextDue ?? .latest
      if world.harms.contains(.setServerClock), next > serverTime.advanced(by: 60_000_000) { return nil }
      if let watermark = store.watermark(of: name), watermark.taskID != nil, entry.progress.base < watermark.due {
        return "\(instance) is behind"
      }
      return nil
    }
  }
}
