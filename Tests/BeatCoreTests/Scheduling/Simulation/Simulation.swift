@testable import BeatCore

/// Some daemons, one store, and a world that does them harm: everything that happens follows from a seed, one small step
/// after the other. Messages are as late as chance will have it.
struct Simulation {
  /// Two kinds of schedules. `edited` ones keep their interval while everything else is done to them, so that each of
  /// their occurrences can be counted; `loose` ones are deleted, made again, switched, spoilt and rescheduled too.
  enum Kind { case edited, loose }

  private(set) var store = ModelStore()
  private(set) var daemons: [SimulatedDaemon] = []
  private(set) var now = Sample.noon
  private var chance: SeededChance
  /// Requests of connections that have died, still in the server's buffers.
  private var zombies: [SimulatedDaemon.Request] = []
  /// Documents that somebody has read, and will save again some day.
  private var copies: [(name: EntryName, document: [UInt8])] = []
  /// What a client wrote last, for each schedule.
  private(set) var written: [EntryName: [UInt8]] = [:]
  private var edits = 0
  private var isPeace = false
  let kinds: [EntryName: Kind]
  let names: [EntryName]
  /// The interval that each schedule was made with, microseconds.
  let intervals: [EntryName: Int64]
  private(set) var counts = Counts()

  struct Counts {
    var disconnects = 0, lostReplies = 0, lostEvents = 0, zombies = 0, stale = 0, edits = 0, recreated = 0, restarts = 0
    var reloads = 0, stalls = 0
  }

  init(seed: UInt64) {
    chance = SeededChance(seed: seed)
    var (kinds, intervals): ([EntryName: Kind], [EntryName: Int64]) = ([:], [:])
    for number in 0..<5 {
      let name = EntryName("edited-\(number)")
      kinds[name] = .edited
      intervals[name] = [40, 60, 90, 150, 250][number] * 1_000
    }
    for number in 0..<3 {
      let name = EntryName("loose-\(number)")
      kinds[name] = .loose
      intervals[name] = [50, 100, 200][number] * 1_000
    }
    (self.kinds, self.intervals) = (kinds, intervals)
    names = kinds.keys.sorted { "\($0)" < "\($1)" }
    for name in names { write(name, document(name)) }
    for _ in 0..<chance.number(1...3) { daemons.append(daemon()) }
    for index in daemons.indices { daemons[index].connect(at: now) }
  }

  private mutating func daemon() -> SimulatedDaemon {
    let configuration = SchedulerBench.configuration {
      $0.batch = chance.number(1...4)
      $0.maximumInFlight = chance.number(1...6)
    }
    return SimulatedDaemon(configuration, skew: Int64(chance.number(-80...80)) * 1_000)
  }

  private mutating func document(_ name: EntryName, interval: Int64? = nil, enabled: Bool = true) -> [UInt8] {
    edits += 1
    let every = (interval ?? intervals[name] ?? 0) / 1_000
    return Array(
      Sample.document(
        #""enabled": \#(enabled)"#, #""catchup": "all""#, #""args": [\#(edits)]"#,
        interval: #"{"every": \#(every), "period": "milliseconds"}"#
      ).utf8)
  }

  // MARK: one step

  mutating func step() {
    switch chance.number(0...99) {
    case 0..<60: deliver(chance.number(0...(daemons.count - 1)))
    case 60..<80: now = now.advanced(by: Int64(chance.number(0...5_000)))
    case 80..<92: wakeSomebody()
    case 92..<96: reconnectSomebody()
    case 96: executeZombie()
    case 97: remember()
    case 98: saveStale()
    default: disturb()
    }
    publish()
  }

  /// One message of one daemon arrives: at the server, or from it.
  private mutating func deliver(_ index: Int) {
    let waiting = [!daemons[index].requests.isEmpty, !daemons[index].replies.isEmpty, !daemons[index].events.isEmpty]
    let links = waiting.indices.filter { waiting[$0] }
    guard !links.isEmpty else { return }
    switch chance.one(of: links) {
    case 0: daemons[index].replies.append(store.execute(daemons[index].requests.removeFirst(), now: now))
    case 1: daemons[index].take(at: now)
    default: daemons[index].hear(at: now)
    }
  }

  private mutating func wakeSomebody() {
    let index = chance.number(0...(daemons.count - 1))
    if daemons[index].isDue(at: now) { daemons[index].wake(at: now) }
  }

  private mutating func reconnectSomebody() {
    let index = chance.number(0...(daemons.count - 1))
    if !daemons[index].isConnected { daemons[index].connect(at: now) }
  }

  private mutating func executeZombie() {
    guard !zombies.isEmpty else { return }
    _ = store.execute(zombies.removeFirst(), now: now)
  }

  private mutating func publish() {
    for name in store.takeEvents() {
      for index in daemons.indices where daemons[index].isConnected {
        // Events are a hint: some are lost, unnoticed until everything is read again.
        if !isPeace, chance.once(in: 100) { counts.lostEvents += 1 } else { daemons[index].events.append(name) }
      }
    }
  }

  // MARK: harm

  private mutating func disturb() {
    let index = chance.number(0...(daemons.count - 1))
    switch chance.number(0...8) {
    case 0, 1: cut(index)
    case 8:
      if daemons[index].isConnected { daemons[index].reload(at: now) }
      counts.reloads += 1
    case 2:
      cut(index)
      daemons[index] = daemon()
      counts.restarts += 1
    case 3:
      now = now.advanced(by: Int64(chance.number(100...2_000)) * 1_000)
      counts.stalls += 1
    case 4, 5: edit(chance.one(of: names))
    default: harm(chance.one(of: names))
    }
  }

  /// The connections die. Of what is on its way to the server some is lost, and some is carried out later.
  private mutating func cut(_ index: Int) {
    guard daemons[index].isConnected else { return }
    counts.disconnects += 1
    counts.lostReplies += daemons[index].replies.count
    let arrived = chance.number(0...daemons[index].requests.count)
    zombies += daemons[index].requests.prefix(arrived)
    counts.zombies += arrived
    daemons[index].disconnect(at: now)
  }

  private mutating func remember() {
    let name = chance.one(of: names)
    guard let document = store.documents[name] else { return }
    copies.append((name, document))
  }

  /// Somebody saves what they read some time ago, mostly a moment ago: over newer bookkeeping, over newer edits.
  private mutating func saveStale() {
    guard !copies.isEmpty else { return }
    let copy = chance.once(in: 4) ? copies.remove(at: chance.number(0...(copies.count - 1))) : copies.removeLast()
    write(copy.name, copy.document)
    counts.stale += 1
  }

  private mutating func write(_ name: EntryName, _ document: [UInt8]) {
    store.set(name, document)
    written[name] = document
  }

  /// Other arguments, the rest as it stands; or a copy from scratch, without any bookkeeping.
  private mutating func edit(_ name: EntryName) {
    counts.edits += 1
    guard chance.once(in: 2), let document = store.documents[name], let layout = try? DocumentLayout(document),
      let args = layout.value("args")
    else {
      if kinds[name] == .edited { write(name, document(name)) }
      return
    }
    edits += 1
    var splice = Splice()
    splice.replace(args.range, with: "[\(edits)]")
    write(name, splice.applied(to: document))
  }

  private mutating func harm(_ name: EntryName) {
    guard kinds[name] == .loose else { return }
    switch chance.number(0...4) {
    case 0: store.delete(name)
    case 1: write(name, document(name, enabled: false))
    case 2: write(name, Array("{\"name\": ".utf8))
    case 3: write(name, document(name, interval: Int64(chance.number(20...300)) * 1_000))
    default:
      store.delete(name)
      write(name, document(name))
      counts.recreated += 1
    }
  }

  // MARK: peace

  /// Heals everything, lets each schedule come up twice, and waits until nothing is on its way.
  mutating func settle() {
    isPeace = true
    defer { isPeace = false }
    for name in names where kinds[name] == .loose { write(name, document(name)) }
    while !zombies.isEmpty { executeZombie() }
    for index in daemons.indices {
      if daemons[index].isConnected { daemons[index].reload(at: now) } else { daemons[index].connect(at: now) }
    }
    quiet()
    let end = now.advanced(by: 700_000)
    while now < end {
      now = now.advanced(by: 5_000)
      quiet()
    }
  }

  private mutating func quiet() {
    var isBusy = true
    while isBusy {
      isBusy = false
      publish()
      for index in daemons.indices {
        while !daemons[index].isQuiet {
          isBusy = true
          while !daemons[index].requests.isEmpty {
            daemons[index].replies.append(store.execute(daemons[index].requests.removeFirst(), now: now))
          }
          while !daemons[index].replies.isEmpty { daemons[index].take(at: now) }
          while !daemons[index].events.isEmpty { daemons[index].hear(at: now) }
          publish()
        }
        if daemons[index].isDue(at: now) {
          isBusy = true
          daemons[index].wake(at: now)
        }
      }
    }
  }
}
