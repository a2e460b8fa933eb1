@testable import BeatCore

extension Simulation {
  mutating func harm(_ harm: World.Harm) {
    counts[harm, default: 0] += 1
    say("--- \(harm)")
    let index = chance.number(0...(daemons.count - 1))
    let number = chance.number(0...(world.schedules.count - 1))
    switch harm {
    case .cut: cut(index)
    case .silence: daemons[index].silence()
    case .kill: kill(index)
    case .terminate: if !daemons[index].isFrozen(at: now) { daemons[index].stop(at: now) }
    case .freeze: daemons[index].frozenUntil = later(patience * 3 / 2)
    case .deafen: daemons[index].deafUntil = later(patience)
    case .absence: absence()
    case .stall: now = later(2_000_000 * world.pace)
    case .reload: daemons[index].reload(at: now)
    case .edit: edit(number)
    case .reschedule: if world.schedules[number].kind != .kept { reschedule(number) }
    case .spoil: if [.remade, .loose].contains(world.schedules[number].kind) { spoil(number) }
    case .hurry: if world.schedules[number].kind == .loose { hurry(number) }
    case .deleteLease: store.deleteLease()
    case .switchOff:
      store.hasNotifications = false
      guard chance.once(in: 2) else { return }
      // A daemon that has just started switches them on again at once.
      for _ in 0..<3 { hurry(world.schedules.count - 1) }
      kill(index)
      execute(index)
    case .flush: if chance.once(in: 3) { flush() }
    case .swap: if daemons.allSatisfy({ !$0.isConnected || $0.scheduler.isWatching }) { swap() }
    case .restart:
      guard dump != nil else { return }
      goBack()
      for index in daemons.indices { daemons[index].disconnect(at: now, isNoticedFirst: chance.once(in: 2)) }
      for index in daemons.indices { _ = daemons[index].takeAbandoned() }
      zombies = []
    case .rollBack:
      guard dump != nil, chance.once(in: 3) else { return }
      goBack()
      for number in judges.indices { judges[number].amaze() }
    case .setServerClock: setServerClock()
    case .takeRights:
      let right = chance.one(of: ModelStore.Right.allCases)
      say("\(daemons[index].instance) may not \(right)")
      store.forbid(daemons[index].instance, [right])
    case .giveRights: store.forbid(daemons[index].instance, [])
    }
  }

  /// No daemon runs for a while, and clients go on: they reschedule, switch off and on, delete and make again.
  private mutating func absence() {
    for index in daemons.indices { kill(index) }
    while !zombies.isEmpty { executeZombie() }
    afterwards()
    for _ in 0..<chance.number(1...4) {
      now = later(1_000_000 * world.pace)
      let number = chance.number(0...(world.schedules.count - 1))
      let kind = world.schedules[number].kind
      if kind == .kept { continue }
      if kind != .switched, chance.once(in: 3) { spoil(number) } else { reschedule(number) }
    }
    now = later(1_000_000 * world.pace)
    afterwards()
  }

  private mutating func swap() {
    wasSwapped = true
    let contents = store.contents
    store.goBack(to: ModelStore.Contents())
    for _ in 0..<chance.number(1...40) {
      deliver(chance.number(0...(daemons.count - 1)))
      afterwards()
    }
    store.goBack(to: contents)
    for number in judges.indices { judges[number].amaze() }
  }

  private mutating func later(_ most: Int64) -> UnixTime {
    now.advanced(by: Int64(chance.number(100_000...max(100_000, Int(most)))))
  }

  private mutating func cut(_ index: Int) {
    daemons[index].disconnect(at: now, isNoticedFirst: chance.once(in: 2))
  }

  private mutating func kill(_ index: Int) {
    daemons[index].die()
    let abandoned = daemons[index].takeAbandoned()
    zombies += abandoned.prefix(chance.number(0...abandoned.count))
    daemons[index] = process(offset: daemons[index].surroundings.offset)
  }

  /// Writes other arguments and leaves the rest as it is stored, or writes a new document without any bookkeeping.
  private mutating func edit(_ number: Int) {
    let schedule = world.schedules[number]
    guard chance.once(in: 2), let document = store.documents[schedule.name],
      let layout = try? DocumentLayout(document), let args = layout.value("args")
    else {
      if schedule.kind == .kept { write(number, document(number)) }
      return
    }
    edits += 1
    var splice = Splice()
    splice.replace(args.range, with: "[\(edits)]")
    write(number, splice.applied(to: document))
  }

  private mutating func hurry(_ number: Int) {
    for _ in 0..<chance.number(2...4) {
      if chance.once(in: 4) { spoil(number) } else { reschedule(number) }
      afterwards()
      for _ in 0..<chance.number(0...12) { deliver(chance.number(0...(daemons.count - 1))) }
      afterwards()
    }
  }

  private mutating func reschedule(_ number: Int) {
    let whens = world.schedules[number].whens.indices
    write(number, document(number, when: chance.number(0...(whens.count - 1)), enabled: !chance.once(in: 4)))
  }

  private mutating func spoil(_ number: Int) {
    switch chance.number(world.schedules[number].kind == .loose ? 0...2 : 1...2) {
    case 2: delete(number)
    case 0: write(number, Array("{\"name\": ".utf8))
    default:
      delete(number)
      write(number, document(number))
    }
  }

  /// Sets the clock by seconds, by hours, or to the year 2099; every other time it is put right again.
  private mutating func setServerClock() {
    if serverOffset != 0, chance.once(in: 2) { return setServer(0) }
    let far: Int64 = 73 * 365 * 86_400_000_000
    let most = chance.one(of: [900_000, 20_000_000, 7_200_000_000, 36_000_000_000, far])
    let step = Int64(chance.number(500_000...Int(most)))
    setServer(serverOffset + (chance.once(in: 2) && most != far ? -step : step))
  }
}
