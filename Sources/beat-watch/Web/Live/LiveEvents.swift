import BeatCore

/// The news for the browsers that listen (server-sent events). It puts together what has changed since the last flush, so
/// that a thousand runs a second are four events and not a thousand, and each listener gets the rows that it shows.
///
/// It belongs to the index's thread. What it holds is bounded by what the listeners show.
struct LiveEvents {
  /// Stands for one listener.
  typealias Token = Int

  /// The most listeners at once, and the most schedules that one of them shows.
  static let mostListeners = 200
  static let mostNames = 200
  /// The most runs of one event. Of more, the newest are told.
  static let mostRuns = 200

  private struct Listener {
    var names: Set<EntryName>
    /// It has got nothing so far, so that it gets the present state first.
    var isNew = true
  }

  private var listeners: [Token: Listener] = [:]
  /// How many listeners show each schedule.
  private(set) var wanted: [EntryName: Int] = [:]
  private var changed: Set<EntryName> = []
  private var runs: [FireRecord] = []
  private var receipts: [EntryName: EditReceipt] = [:]
  private var system: [UInt8]?
  private var toldSystem: [UInt8]?
  private var isStoreChanged = false
  private var toldCounts: [ScheduleRow.State: Int] = [:]
  private var areCountsChanged = false

  var isEmpty: Bool { listeners.isEmpty }

  /// Whether a flush would tell anything.
  var hasNews: Bool {
    !listeners.isEmpty
      && (!changed.isEmpty || !runs.isEmpty || !receipts.isEmpty || system != nil || isStoreChanged || areCountsChanged
        || listeners.values.contains(where: \.isNew))
  }

  /// Returns false if there are too many listeners.
  mutating func subscribe(_ token: Token, _ names: [EntryName]) -> Bool {
    guard listeners.count < Self.mostListeners else { return false }
    let names = Set(names.prefix(Self.mostNames))
    listeners[token] = Listener(names: names)
    for name in names { wanted[name, default: 0] += 1 }
    return true
  }

  mutating func unsubscribe(_ token: Token) {
    guard let listener = listeners.removeValue(forKey: token) else { return }
    for name in listener.names {
      let users = (wanted[name] ?? 1) - 1
      wanted[name] = users > 0 ? users : nil
    }
    if listeners.isEmpty { (changed, runs, receipts, system, toldSystem) = ([], [], [:], nil, nil) }
  }

  // MARK: news

  /// A row has changed, has come, or is gone.
  mutating func note(_ name: EntryName) {
    guard !listeners.isEmpty else { return }
    areCountsChanged = true
    if wanted[name] != nil { changed.insert(name) }
  }

  mutating func note(_ run: FireRecord) {
    guard !listeners.isEmpty else { return }
    runs.append(run)
    if runs.count >= 2 * Self.mostRuns { runs.removeFirst(runs.count - Self.mostRuns) }
    if wanted[run.name] != nil { changed.insert(run.name) }
  }

  mutating func note(_ receipt: EditReceipt, of name: EntryName) {
    if wanted[name] != nil { receipts[name] = receipt }
  }

  mutating func note(system json: [UInt8]) {
    if !listeners.isEmpty, json != toldSystem { system = json }
  }

  mutating func noteStore() { isStoreChanged = !listeners.isEmpty }

  // MARK: telling

  /// What each listener gets now.
  ///
  /// - Parameter problem: why the store is not reachable; nil: it is.
  mutating func flush(_ index: ScheduleIndex, problem: String?, now: UnixTime) -> [(token: Token, bytes: [UInt8])] {
    let store = Self.event(
      "store", .object([("reachable", .boolean(problem == nil)), ("message", .text(problem))]))
    var common: [UInt8] = isStoreChanged ? store : []
    if !runs.isEmpty {
      let newest = runs.suffix(Self.mostRuns).reversed()
      common += Self.event("runs", .object([("runs", .list(newest.map { StoreAPI.json($0) }))]))
    }
    if let system, problem == nil {
      common += Self.event("system", line: system)
      toldSystem = system
    }
    let haveCountsChanged = areCountsChanged && index.counts != toldCounts
    if haveCountsChanged { toldCounts = index.counts }
    let counts = Self.json(index.counts)
    var rows: [EntryName: JSONOutput] = [:]
    func row(_ name: EntryName) -> JSONOutput? {
      if let row = rows[name] { return row }
      guard let row = index.row(name) else { return nil }
      // The text is made once for all listeners.
      let json = JSONOutput.raw(Array(row.json(now: now).line.utf8))
      rows[name] = json
      return json
    }
    var parts: [(token: Token, bytes: [UInt8])] = []
    for (token, listener) in listeners {
      var bytes: [UInt8] = []
      if listener.isNew {
        // What has changed between the list and this moment is told as well.
        listeners[token]?.isNew = false
        if !isStoreChanged { bytes += store }
        // What was told of it before the store was lost is true no longer.
        if system == nil, problem == nil, let toldSystem { bytes += Self.event("system", line: toldSystem) }
      }
      let news = listener.isNew ? listener.names : changed.intersection(listener.names)
      if listener.isNew || haveCountsChanged || !news.isEmpty {
        let found = news.map { ($0, row($0)) }
        bytes += Self.event(
          "schedules",
          .object([
            ("items", .list(found.compactMap { $0.1 })),
            ("removed", .texts(found.filter { $0.1 == nil }.map { ScheduleID.text(of: $0.0) })), ("counts", counts),
          ]))
      }
      bytes += common
      let told = receipts.filter { listener.names.contains($0.key) }
      if !told.isEmpty {
        let list = told.map { name, receipt in
          JSONOutput.object([("id", .text(ScheduleID.text(of: name)))] + StoreAPI.members(receipt))
        }
        bytes += Self.event("receipts", .object([("receipts", .list(list))]))
      }
      if !bytes.isEmpty { parts.append((token, bytes)) }
    }
    (changed, runs, receipts, system) = ([], [], [:], nil)
    (isStoreChanged, areCountsChanged) = (false, false)
    return parts
  }

  /// A comment, by which programs between see that the connection is in use.
  static let heartbeat = Array(": \n\n".utf8)

  /// For every listener the same bytes.
  func all(_ bytes: [UInt8]) -> [(token: Token, bytes: [UInt8])] { listeners.keys.map { ($0, bytes) } }

  static func json(_ counts: [ScheduleRow.State: Int]) -> JSONOutput {
    .object(ScheduleRow.State.allCases.map { ($0.word, .count(counts[$0] ?? 0)) })
  }

  private static func event(_ name: String, _ json: JSONOutput) -> [UInt8] {
    event(name, line: Array(json.line.utf8))
  }

  /// - Parameter line: JSON on one line.
  private static func event(_ name: String, line: [UInt8]) -> [UInt8] {
    Array("event: \(name)\ndata: ".utf8) + line + Array("\n\n".utf8)
  }
}
