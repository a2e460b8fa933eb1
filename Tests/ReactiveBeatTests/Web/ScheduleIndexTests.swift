import Glibc
import Testing

@testable import BeatCore
@testable import ReactiveBeat
@testable import beat_watch

/// The index gives the same answers as a plain list of rows that is filtered and sorted as the contract says it.
@Suite struct ScheduleIndexTests {
  private static let now = UnixTime(seconds: 1_795_000_000)
  private static let tasks = ["reports.build", "Mail.Send", "sync", "zürich.läuft", ""]
  private static let queues = ["celery", "Priority", "reports"]

  private func row(_ name: String, _ random: inout SplitMix) -> ScheduleRow {
    func chance(_ part: UInt64) -> Bool { random.next() % part == 0 }
    var row = ScheduleRow(name: EntryName(name))
    if chance(3) { row.label = ["Nightly", "Täglich", name][Int(random.next() % 3)] }
    if !chance(5) { row.task = Self.tasks[Int(random.next() % 5)] }
    if !chance(3) { row.queue = Self.queues[Int(random.next() % 3)] }
    if chance(4) { row.owner = "shop" }
    row.state = ScheduleRow.State.allCases[Int(random.next() % 4)]
    if row.state == .rejected { row.reason = "task: is missing" }
    if chance(2) {
      row.timing = ScheduleRow.Timing(
        words: "every \(random.next() % 3) seconds", zone: nil,
        schedule: .clocked(UnixTime(seconds: Int64(random.next() % 3))))
    }
    if !chance(4) {
      let due = Self.now.advanced(by: Int64(random.next() % 200) * 1_000_000 - 100_000_000)
      row.next = .init(due: due, sent: due.advanced(by: Int64(random.next() % 3)), isImmediate: chance(9))
    }
    if !chance(4) {
      row.lastRun = .init(
        due: Self.now.advanced(by: -Int64(random.next() % 50)), late: chance(3) ? nil : Int64(random.next() % 40) - 5)
    }
    row.totalRunCount = Int64(random.next() % 5)
    row.warnings = Int(random.next() % 3)
    return row
  }

  private func query(_ random: inout SplitMix) -> ListQuery {
    func chance(_ part: UInt64) -> Bool { random.next() % part == 0 }
    var query = ListQuery()
    if chance(2) {
      query.words = SearchText.words(
        ["n1", "REPORTS", "läuft n", "mail  2", "täg", "priority", "nothing"][Int(random.next() % 7)])
    }
    if chance(3) { query.states = Set(ScheduleRow.State.allCases.filter { _ in chance(2) }) }
    if chance(4) { query.task = (Self.tasks + ["no.such"])[Int(random.next() % 6)] }
    if chance(4) { query.queue = Self.queues[Int(random.next() % 3)] }
    if chance(6) { query.owner = "shop" }
    if chance(4) { query.dueWithin = Int64(random.next() % 60) * 1_000_000 }
    query.key = ListQuery.Key.allCases[Int(random.next() % 7)]
    query.isReversed = chance(2)
    query.offset = chance(2) ? 0 : Int(random.next() % 300)
    query.limit = 1 + Int(random.next() % 60)
    return query
  }

  /// The naive answer.
  private func answer(_ rows: [ScheduleRow], _ query: ListQuery) -> (total: Int, names: [EntryName]) {
    let found = rows.filter { row in
      let texts = ["\(row.name)", row.label, row.task, row.queue].compactMap { $0?.lowercased() }
      return query.words.allSatisfy { word in texts.contains { $0.contains(String(decoding: word, as: UTF8.self)) } }
        && (query.states.isEmpty || query.states.contains(row.state)) && (query.task == nil || row.task == query.task)
        && (query.queue == nil || row.queue == query.queue) && (query.owner == nil || row.owner == query.owner)
        && (query.dueWithin == nil || row.next.map { $0.sent <= Self.now.advanced(by: query.dueWithin ?? 0) } ?? false)
    }
    let tasks = Set(rows.compactMap(\.task)).sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) }
    func key(_ row: ScheduleRow) -> Int64? {
      switch query.key {
      case .name: nil
      case .task: row.task.flatMap { tasks.firstIndex(of: $0) }.map { Int64($0) }
      case .state: Int64(row.state.rawValue)
      case .next: row.next?.sent.microseconds
      case .lastRun: row.lastRun?.due.microseconds
      case .count: row.totalRunCount
      case .late: row.lateness(at: Self.now)
      }
    }
    let ordered = found.sorted { left, right in
      let isBefore = left.name.bytes.lexicographicallyPrecedes(right.name.bytes)
      if query.key == .name { return isBefore != query.isReversed }
      guard let a = key(left), let b = key(right), a != b else {
        guard (key(left) == nil) != (key(right) == nil) else { return isBefore }
        return key(left) != nil
      }
      return (a < b) != query.isReversed
    }
    return (found.count, ordered.dropFirst(query.offset).prefix(query.limit).map(\.name))
  }

  @Test(arguments: [1, 2, 3, 4] as [UInt64]) func itAgreesWithAPlainList(seed: UInt64) {
    var random = SplitMix(state: seed)
    var index = ScheduleIndex()
    var rows: [EntryName: ScheduleRow] = [:]
    let names = (0..<400).map { ["n\($0)", "N1/\($0) ", "日報-\($0)", "\u{1}\($0)\""][$0 % 4] }
    for round in 0..<60 {
      for _ in 0..<(round == 0 ? 500 : 40) {
        let name = names[Int(random.next() % 400)]
        if random.next() % 5 == 0 {
          let (isGone, row) = (index.remove(EntryName(name)), rows.removeValue(forKey: EntryName(name)))
          #expect(isGone == (row != nil))
        } else {
          let new = self.row(name, &random)
          index.put(new)
          // A lateness that is not told anew stays with its run.
          var kept = new
          if let old = rows[EntryName(name)]?.lastRun, let last = new.lastRun, last.late == nil, old.due == last.due {
            kept.lastRun?.late = old.late
          } else if let old = rows[EntryName(name)]?.lastRun, let last = new.lastRun, last.late == nil,
            last.due.microseconds(since: old.due).magnitude < 1_000
          {
            kept.lastRun?.late = old.late
          }
          rows[EntryName(name)] = kept
        }
      }
      let all = Array(rows.values)
      #expect(index.count == all.count)
      for state in ScheduleRow.State.allCases { #expect(index.counts[state] == all.count { $0.state == state }) }
      for _ in 0..<20 {
        let query = self.query(&random)
        let (page, naive) = (index.page(query, now: Self.now), answer(all, query))
        #expect(page.total == naive.total && page.rows.map(\.name) == naive.names, "\(query)")
      }
      let facets = index.facets(200)
      #expect(
        Dictionary(uniqueKeysWithValues: facets.tasks.map { ($0.text, $0.count) })
          == Dictionary(grouping: all.compactMap(\.task)) { $0 }.mapValues(\.count))
      #expect(facets.tasks.map(\.count) == facets.tasks.map(\.count).sorted(by: >))
      #expect(index.overdue(at: Self.now)?.count ?? 0 == all.count { $0.isOverdue(at: Self.now) })
    }
    // A row comes back as it was put in.
    for row in rows.values {
      #expect(index.row(row.name)?.json(now: Self.now).line == row.json(now: Self.now).line)
    }
  }

  @Test func aLoadDropsWhatIsGone() {
    var index = ScheduleIndex()
    for name in ["a", "b", "c"] { index.put(ScheduleRow(name: EntryName(name))) }
    index.beginLoad()
    index.put(ScheduleRow(name: EntryName("b")))
    index.put(ScheduleRow(name: EntryName("d")))
    let gone = index.endLoad()
    #expect(Set(gone) == [EntryName("a"), EntryName("c")])
    let page = index.page(ListQuery(), now: Self.now)
    #expect(page.rows.map { "\($0.name)" } == ["b", "d"])
    #expect(index.counts[.enabled] == 2)
  }

  /// A run moves a schedule without its document, where the schedule alone decides.
  @Test func runsMoveTheRow() throws {
    let context = DocumentContext(defaultZone: .utc) { name throws(ZoneError) in try ZoneDirectory().zone(name) }
    func row(_ more: String = "") throws -> ScheduleRow {
      let bytes = Array(
        schedule("a", every: "10", #", "last_run_at": "2026-11-18T11:06:30Z", "total_run_count": 3\#(more)"#).utf8)
      let document = StoredDocument(name: EntryName("a"), read: .init(.document(bytes), .absent))
      return try #require(ScheduleRow(document, context: context, now: Self.now))
    }
    func run(_ seconds: Int64, _ reason: FireReason = .schedule) -> FireRecord {
      FireRecord(
        name: EntryName("a"), taskID: "id", due: Self.now.advanced(by: seconds * 1_000_000), late: 213,
        reason: reason.rawValue)
    }
    var index = ScheduleIndex()
    index.put(try row())
    func take(_ run: FireRecord, after microseconds: Int64) -> Bool {
      index.take(run, now: Self.now.advanced(by: microseconds))
    }
    // Its last run was due ten seconds ago, since `now` is 11:06:40.
    let isKnown = take(run(0), after: 213)
    var moved = try #require(index.row(EntryName("a")))
    #expect(isKnown && moved.next?.due == Self.now.advanced(by: 10_000_000) && moved.totalRunCount == 4)
    #expect(moved.lastRun == .init(due: Self.now, late: 213))
    // Told again, by hand, and an older one: it stays.
    for run in [run(0), run(3, .manual), run(-10)] {
      let isKnown = take(run, after: 500)
      #expect(isKnown)
    }
    #expect(try #require(index.row(EntryName("a"))).json(now: Self.now).line == moved.json(now: Self.now).line)
    // One after which something is overdue already.
    let isOverdueKnown = take(run(10), after: 40_000_000)
    #expect(!isOverdueKnown)
    // The document limits these.
    for more in [
      #", "max_run_count": 9"#, #", "jitter": 2"#, #", "expires_at": "2027-01-01T00:00:00Z""#, #", "one_off": true"#,
    ] {
      index.put(try row(more))
      let isKnown = take(run(0), after: 213)
      #expect(!isKnown, "\(more)")
    }
    moved = try row(#", "max_run_count": 9"#)
    #expect(!moved.isPlain)
  }

  @Test func aPageIsAPartOfTheWholeSort() {
    var random = SplitMix(state: 9)
    for count in [0, 1, 31, 33, 1_000, 5_000] {
      let items = (0..<count).map {
        PartialSort.Item(key: Int64(random.next() % 50), rank: Int32($0), slot: Int32(count - $0))
      }
      let whole = items.sorted(by: <).map(\.slot)
      for range in [0..<1, 0..<100, count / 2..<(count / 2 + 30), max(0, count - 5)..<(count + 5), count..<(count + 1)]
      {
        var part = items
        let page = PartialSort.page(&part, range).map(\.slot)
        #expect(page == Array(whole.dropFirst(range.lowerBound).prefix(range.count)))
      }
    }
  }

  @Test func texts() {
    var pool = TextPool()
    let (a, b, again, none) = (pool.take("a"), pool.take("b"), pool.take("a"), pool.take(nil))
    #expect(again == a && none == 0 && a != b)
    pool.release(a)
    #expect(pool.text(a) == "a")
    pool.release(a)
    #expect(pool.number(of: "a") == nil && pool.mostUsed(9).map(\.text) == ["b"])
    let c = pool.take("c")
    #expect(c == a)
    let holding = pool.holding(Array("c".utf8))
    #expect(holding[Int(a)] && !holding[Int(b)])
  }
}
