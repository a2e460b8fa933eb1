import Testing

@testable import BeatCore
@testable import ReactiveBeat

/// This version reads what the version before has left in Redis, and the version before can read what this one leaves.
@Suite struct PreviousVersionTests {
  private static let prefix = "reactivebeat:tasks:meta:"
  private static let early = "by a clock that is behind the fixture's, its times are still to come"

  private static func fixture() throws -> [KeptKey] {
    try KeptKey.all(in: ProjectFolder.tests("EndToEnd/Previous/previous.jsonl"))
  }

  // MARK: the kept keys, by type

  @Test func eachIsReadAndWrittenAsItWas() throws {
    let keys = try Self.fixture()
    func parts(_ name: String) throws -> [[UInt8]] {
      try #require(keys.first { $0.key == Self.prefix + name }, "no \(name)").parts.map { Array($0.utf8) }
    }
    /// The values of a hash's fields.
    func values(_ name: String) throws -> [[UInt8]] {
      try parts(name).enumerated().filter { !$0.offset.isMultiple(of: 2) }.map(\.element)
    }
    for bytes in try values("mark") { #expect(Watermark(bytes)?.bytes == bytes, "\(EntryName(bytes))") }
    for bytes in try values("receipts") { #expect(EditReceipt(bytes)?.bytes == bytes, "\(EntryName(bytes))") }
    for bytes in try values("manual") { #expect(ManualRequest(bytes)?.bytes == bytes, "\(EntryName(bytes))") }
    for bytes in try values("daemons") { #expect(DaemonRecord(bytes)?.bytes == bytes, "\(EntryName(bytes))") }
    for bytes in try parts("outbox") {
      let item = try #require(OutboxItem(bytes), "\(EntryName(bytes))")
      #expect(item.bytes == bytes && item.form == .kombu && OutboxMessage(item.message)?.form == .kombu)
    }
    let history = try parts("history")
    for start in stride(from: 0, to: history.count, by: 11) {
      let fields = Array(history[(start + 1)..<(start + 11)])
      let record = try #require(FireRecord(fields: fields))
      let written = [
        "name", "\(record.name)", "id", record.taskID, "due", "\(record.due.microseconds)", "late", "\(record.late)",
        "why", record.reason,
      ]
      #expect(fields.map { String(decoding: $0, as: UTF8.self) } == written)
    }
  }

  // MARK: today's daemon and commands

  @Test(.enabled(if: SystemClock.now() > UnixTime(seconds: 1_795_776_000), Comment(rawValue: early)))
  func todaysDaemonGoesOnWhereItEnded() throws {
    let (servers, keys) = (try TwoServers(), try Self.fixture())
    for key in keys { key.put(into: key.server == "store" ? servers.store.store : servers.broker.broker) }
    let store = servers.store
    let waiting = servers.outbox
    try #require(waiting.count >= 4)
    let kept = (store: keys.filter { $0.server == "store" }, fast: servers.ids("fast"), hourly: servers.ids())
    let instance = try #require(store.store("GET", Self.prefix + "lease")?.text?.split(separator: ":").first)

    // Commands read the keys while the earlier daemon seems to live.
    let status = try store.run("status", "--json").json
    #expect(status?["daemons"]?.items?.map { $0["state"]?.text } == ["firing"], "\(String(describing: status))")
    #expect(status?["daemons"]?.items?.map { $0["instance"]?.text } == [String(instance)])
    let history = try store.run("history", "--json", "--count", "100").json?.items ?? []
    let stream = try #require(keys.first { $0.type == "stream" }).parts
    let fired = stride(from: 0, to: stream.count, by: 11).map { stream[$0 + 4] }
    #expect(Set(history.compactMap { $0["id"]?.text }) == Set(fired) && history.count == fired.count)

    // The request gets another minute, and the outbox's first message is delivered just before the daemon starts.
    let request = try #require(keys.first { $0.key == Self.prefix + "manual" }).parts
    let later = Watermark.digits(SystemClock.now().advanced(by: 60_000_000))
    store.store("HSET", Self.prefix + "manual", request[0], later + String(request[1].dropFirst(20)))
    let delivered = try #require(OutboxItem(waiting[0]))
    servers.broker.broker.call([Array("LPUSH".utf8), Array("fast".utf8), delivered.message])
    servers.broker.broker("SET", "reactivebeat:dedup:\(delivered.taskID)", "1", "EX", "3600")
    store.store("DEL", Self.prefix + "heartbeat:\(instance)")

    let daemon = try servers.daemon()
    try daemon.wait(for: "leading")
    #expect(eventually { store.store("LINDEX", Self.prefix + "answer:" + request[0], "0") != .null })
    #expect(eventually { (store.watermark("often")?.totalRunCount ?? 0) > Int64(kept.fast.count + waiting.count + 2) })
    #expect(
      eventually {
        store.store("HKEYS", Self.prefix + "daemons")?.array?.contains { $0.text == String(instance) } == false
      })
    try daemon.stop()

    // The waiting messages are delivered once and in order, and after them the occurrences that were due since, of the
    // same series.
    let often = try #require(store.watermark("often"))
    let fast = servers.ids("fast") + servers.outbox.compactMap { OutboxItem($0)?.taskID.description }
    let carried = waiting.compactMap { OutboxItem($0)?.taskID.description }
    #expect(Array(fast.prefix(kept.fast.count + carried.count)) == kept.fast + carried)
    #expect(fast.count == Int(often.totalRunCount) && Set(fast).count == fast.count)
    let new = fast.dropFirst(kept.fast.count + carried.count)
    let series = Set(store.taskIDs("often", last: often.due, every: 500_000, count: 10_000))
    let watermarks = kept.store.hash(Self.prefix + "mark")
    let base = try #require(watermarks["often"])
    let phase = try #require(Watermark(Array(base.utf8)))
    #expect(new.allSatisfy(series.contains) && often.due.microseconds(since: phase.due) % 500_000 == 0)

    // The hourly schedule keeps its phase. It has sent the run by hand, and one missed run if an hour has passed.
    let answer = store.store("LINDEX", Self.prefix + "answer:" + request[0], "0")?.text ?? ""
    let hourly = try #require(watermarks["hourly"])
    let before = try #require(Watermark(Array(hourly.utf8)))
    let after = try #require(store.watermark("hourly"))
    let missed = after.due.microseconds(since: before.due)
    #expect(missed % 3_600_000_000 == 0 && after.totalRunCount == (missed > 0 ? 2 : 1))
    let hour = missed > 0 ? store.taskIDs("hourly", last: after.due, every: 1, count: 1) : []
    #expect(answer.hasPrefix("fired "))
    #expect(Set(servers.ids()) == Set(kept.hourly + hour + [String(answer.dropFirst(6))]))
    #expect(servers.ids().count == kept.hourly.count + hour.count + 1)

    // The receipts stay, the leader is another one, and the store's contents count as the same.
    let receipts = kept.store.hash(Self.prefix + "receipts")
    #expect(store.store("HGET", Self.prefix + "receipts", "rejected")?.text == receipts["rejected"])
    #expect(store.watermark("once") == Watermark(Array((watermarks["once"] ?? "").utf8)))
    #expect(store.store("GET", Self.prefix + "epoch")?.text.flatMap { Int($0) } ?? 0 > 1)
    let word = kept.store.first { $0.key == Self.prefix + "incarnation" }?.parts.first
    #expect(
      store.store("GET", Self.prefix + "incarnation")?.text?.split(separator: "/").first
        == word?.split(separator: "/").first)
  }

  // MARK: today's keys for the version before

  /// Today's program leaves the same keys after the same scenario, with the same shapes of bytes, so the version before
  /// can read them. Messages in the outbox have another form, which the version before holds as not its own, and its history
  /// leaves out runs that were sent together.
  @Test func todaysBytesHaveTheirShape() throws {
    let scenario = ProjectFolder.tests("EndToEnd/Previous/scenario.py")
    let run = try CommandRun(
      [scenario, ProjectFolder.beatWatch()], program: ["/usr/bin/env", "python3"],
      environment: ["PYTHONDONTWRITEBYTECODE": "1"].merging(Daemon.surroundings) { $1 })
    let keys = try run.lines.map { try KeptKey($0) }
    let (before, now) = (KeptKey.shapes(of: try Self.fixture()), KeptKey.shapes(of: keys))
    #expect(now.keys.sorted() == before.keys.sorted(), "\(run.text.suffix(2_000))")
    for (key, shape) in before where !key.contains("outbox") && !key.contains("history") {
      #expect(now[key] == shape, "\(key)")
    }
    let history = keys.filter { $0.type == "stream" }.flatMap(\.parts)
    let entries = history.indices.filter { history[$0].wholeMatch(of: /\d{13}-\d+/) != nil } + [history.count]
    #expect(entries.first == 0)
    for (start, end) in zip(entries, entries.dropFirst()) {
      let fields = history[(start + 1)..<end].map { Array($0.utf8) }
      let runs = FireRecord.runs(fields: fields)
      #expect(fields.count == (runs.count == 1 ? 10 : 4 + 2 * runs.count), "\(history[start..<end])")
    }
    let waiting = keys.filter { $0.key == Self.prefix + "outbox" }.flatMap(\.parts).map { Array($0.utf8) }
    #expect(!waiting.isEmpty)
    for bytes in waiting {
      let item = try #require(OutboxItem(bytes), "\(EntryName(bytes))")
      #expect(item.form == .neutral && OutboxMessage(item.message)?.form == .neutral)
    }
  }
}

/// A Redis key as `scenario.py` prints it.
struct KeptKey {
  let server: String
  let key: String
  let type: String
  /// Time to live in milliseconds; negative: no limit.
  let lives: Int
  /// The value of a string; the elements of a list; the members of a set; the fields of a hash, each with its value; or
  /// the entries of a stream, each with its id and fields.
  let parts: [String]

  init(_ line: String) throws {
    guard let json = JSONValue(line.utf8), let server = json["server"]?.text, let key = json["key"]?.text,
      let type = json["type"]?.text, let lives = json["lives"]?.number, let parts = json["parts"]?.items
    else { throw Failure("no key: \(line.prefix(300))", 0) }
    (self.server, self.key, self.type, self.lives) = (server, key, type, Int(lives))
    self.parts = parts.compactMap(\.text)
  }

  static func all(in path: String) throws -> [KeptKey] {
    try CommandRun([path], program: ["/bin/cat"]).lines.map { try KeptKey($0) }
  }

  /// Writes the key with its type, value and time to live.
  func put(into client: BlockingClient) {
    func call(_ words: [String]) { client.call(words.map { Array($0.utf8) }) }
    switch type {
    case "string": call(["SET", key] + parts)
    case "list": call(["RPUSH", key] + parts)
    case "set": call(["SADD", key] + parts)
    case "hash": call(["HSET", key] + parts)
    default:
      for start in stride(from: 0, to: parts.count, by: 11) { call(["XADD", key] + parts[start..<(start + 11)]) }
    }
    if lives > 0 { call(["PEXPIRE", key, "\(lives)"]) }
  }

  // MARK: shapes

  /// For each key, by its server and its name's shape: its type, whether it expires, and the shapes of its contents.
  static func shapes(of keys: [KeptKey]) -> [String: Set<String>] {
    let record = keys.first { $0.key.hasSuffix(":daemons") }.flatMap { DaemonRecord(Array(($0.parts.last ?? "").utf8)) }
    func shape(_ text: String) -> String {
      // The host on which the record was written.
      let host = record?.host ?? ""
      // A receipt has this field where there is something to warn of, and the two versions may differ in that.
      let stripped = text.replacing(/, "warnings": \[[^\]]*\]/, with: "")
      return stripped.split(separator: "@\(host)\"").map { Self.shape(String($0)) }.joined(separator: "@host\"")
        .split(separator: "\"host\": \"\(host)\"").joined(separator: "\"host\": \"host\"")
    }
    var shapes: [String: Set<String>] = [:]
    for key in keys {
      let width = ["hash": 2, "stream": 11][key.type] ?? 1
      let parts = key.parts.map(shape)
      let held = stride(from: 0, to: parts.count, by: width).map {
        parts[$0..<min($0 + width, parts.count)].joined(separator: " ")
      }
      shapes["\(key.server) \(shape(key.key)) \(key.type) \(key.lives > 0 ? "runs out" : "stays")", default: []]
        .formUnion(held)
    }
    return shapes
  }

  /// The text with `#` in the place of each number, and of each hexadecimal word that contains a digit.
  private static func shape(_ text: String) -> String {
    var (shape, word): (String, String) = ("", "")
    func end() {
      shape += word.contains { $0.isNumber } || word.count == 36 ? "#" : word
      word = ""
    }
    for character in text {
      let isHexadecimal = character.isHexDigit && !character.isUppercase
      // A hyphen within a task's id.
      let isBar =
        character == "-" && [8, 13, 18, 23].contains(word.count) && word.allSatisfy { $0.isHexDigit || $0 == "-" }
      if isHexadecimal || isBar {
        word.append(character)
      } else {
        end()
        shape.append(character)
      }
    }
    end()
    return shape
  }
}

extension [KeptKey] {
  /// The fields of a hash.
  fileprivate func hash(_ key: String) -> [String: String] {
    let parts = first { $0.key == key }?.parts ?? []
    return Dictionary(uniqueKeysWithValues: stride(from: 0, to: parts.count, by: 2).map { (parts[$0], parts[$0 + 1]) })
  }
}
