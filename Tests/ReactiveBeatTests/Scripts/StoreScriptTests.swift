import Testing

@testable import BeatCore
@testable import BeatRedis
@testable import ReactiveBeat

/// All scripts but the fire script, called as Redis gets them.
@Suite struct StoreScriptTests {
  private let server: RedisServer
  private let store: BlockingClient

  init() throws {
    server = try RedisServer()
    store = try server.client()
    store("SELECT", "1")
  }

  private func evaluate(_ script: [UInt8], keys: [String], _ arguments: [String]) -> RedisReply? {
    let words = ["EVAL", String(decoding: script, as: UTF8.self), "\(keys.count)"] + keys + arguments
    return store.call(words.map { Array($0.utf8) })
  }

  // MARK: read.lua

  private func read(longest: Int, room: Int = 1_000, _ names: String...) -> RedisReply? {
    evaluate(
      PackageResources.read_lua, keys: ["mark"] + names.map { "doc:" + $0 }, ["\(longest)", "\(room)", "20"] + names)
  }

  /// A long watermark is returned up to one byte beyond the limit, which shows that it is too long.
  @Test func readTellsOnlyTheBeginningOfALongWatermark() {
    store("HSET", "mark", "a", String(repeating: "1", count: 20), "b", String(repeating: "2", count: 1_000_000))
    let watermarks = read(longest: 7, "a", "b", "c")?.array?[1]
    #expect(
      watermarks == words(text(String(repeating: "1", count: 20)), text(String(repeating: "2", count: 21)), .null))
  }

  /// A watermark that is too long is compared with the part that was returned.
  @Test func rebaseReplacesWhatWasTold() {
    func mend(_ seen: String) -> Int64? {
      evaluate(PackageResources.rebase_lua, keys: ["mark", "lease"], ["a", "", "new", "", seen, "20"])?.integer
    }
    store("HSET", "mark", "a", String(repeating: "2", count: 1000))
    #expect(mend(String(repeating: "2", count: 20)) == 0)
    #expect(mend(String(repeating: "3", count: 21)) == 0)
    #expect(mend(String(repeating: "2", count: 21)) == 1)
    #expect(store("HGET", "mark", "a")?.text == "new")
    #expect(mend("ne") == 0 && mend("new") == 1)
  }

  // MARK: names.lua, scan.lua and sweep.lua

  @Test func namesThatAreTooLongAreCounted() {
    store(
      "MSET", "doc:a", "x", "doc:bb", "x", "doc:ccc", "x", "doc:" + String(repeating: "d", count: 200), "x", "e", "x")
    let reply = evaluate(PackageResources.names_lua, keys: [], ["0", "doc:*", "100", "6"])?.array
    #expect(reply?[0].text == "0")
    #expect((reply?[1].array ?? []).compactMap(\.text).sorted() == ["doc:a", "doc:bb"])
    #expect(reply?[2].integer == 2 && reply?[3].integer == 204 && reply?[4].text?.utf8.count == 100)
  }

  @Test func whatIsTooLongToBeOursIsTakenOut() {
    store("HSET", "own", "a", "1", String(repeating: "b", count: 9), "2", "c", String(repeating: "3", count: 99))
    let reply = evaluate(PackageResources.scan_lua, keys: ["own"], ["0", "100", "8", "10"])
    #expect(reply == words(text("0"), words(text("a"), text("1")), .integer(2)))
    #expect(store("HKEYS", "own")?.array?.compactMap(\.text) == ["a"])
  }

  /// Watermarks of runs are kept longer than those of schedules that never ran. One that no daemon can read is removed.
  /// A schedule that exists keeps its watermark.
  @Test func watermarksOfSchedulesThatAreGone() {
    func watermark(_ time: Int64, run: Bool = false) -> String {
      "\(Watermark.digits(UnixTime(microseconds: time)))|\(run ? "id" : "")|1"
    }
    let long = String(repeating: "n", count: 9)
    store("MSET", "doc:stands", "x", "doc:damaged", "x")
    store(
      "HSET", "mark", "stands", watermark(1), "damaged", "x", "run", watermark(60_000_000, run: true), "old run",
      watermark(59, run: true),
      "seen", watermark(120_000_000), "old seen", watermark(119_999_999), "garbage", "garbage", "far",
      "9" + watermark(1), long,
      watermark(120_000_000))
    let reply = evaluate(
      PackageResources.sweep_lua, keys: ["mark"],
      ["0", "100", "doc:", "8", "00000000000060000000", "00000000000120000000", "00000000000900000000"])
    #expect(reply == words(text("0"), .integer(5), words(.integer(1)), words(.integer(2))))
    #expect((store("HKEYS", "mark")?.array ?? []).compactMap(\.text).sorted() == ["damaged", "run", "seen", "stands"])
  }

  private func words(_ words: RedisReply...) -> RedisReply { .array(words) }
  private func text(_ text: String) -> RedisReply { .string(Array(text.utf8)) }

  /// Documents and watermarks. For each key that is not read there is its place, with its type or length.
  @Test func readsDocumentsWithTheirWatermarks() {
    store("MSET", "doc:a", "{}", "doc:b", "12345678", "doc:empty", "")
    store("HSET", "doc:hash", "f", "v")
    store("HSET", "mark", "a", "mark of a", "b", "mark of b", "gone", "watermark of gone")
    let reply = read(longest: 7, "a", "b", "empty", "hash", "gone", "a")
    #expect(
      reply
        == words(
          words(text("{}"), .null, text(""), .null, .null, text("{}")),
          words(text("mark of a"), text("mark of b"), .null, .null, text("watermark of gone"), text("mark of a")),
          words(.integer(2), .integer(8), .integer(4), text("hash"))))
  }

  @Test func readsUpToTheLongestDocument() {
    store("SET", "doc:a", "1234567")
    #expect(read(longest: 7, "a") == words(words(text("1234567")), words(.null), words()))
    #expect(read(longest: 6, "a") == words(words(.null), words(.null), words(.integer(1), .integer(7))))
  }

  /// Documents are read as far as there is room, and the first one in any case. The others must be asked for again.
  @Test func readsAsFarAsThereIsRoom() {
    store("MSET", "doc:a", "1234567", "doc:b", "12345", "doc:c", "1")
    store("HSET", "mark", "b", "mark of b")
    let first = words(text("1234567"))
    #expect(read(longest: 9, room: 5, "a", "b", "c") == words(first, words(.null), words()))
    #expect(
      read(longest: 9, room: 12, "a", "b", "c")
        == words(words(text("1234567"), text("12345")), words(.null, text("mark of b")), words()))
    #expect(read(longest: 9, room: 13, "a", "b", "c")?.array?.first?.array?.count == 3)
    // A document that is too long, or no string, takes no room.
    #expect(
      read(longest: 6, room: 5, "a", "b", "c")
        == words(words(.null, text("12345")), words(.null, text("mark of b")), words(.integer(1), .integer(7))))
  }

  @Test func readTellsOfAMarkOfAnotherType() {
    store("SET", "mark", "x")
    #expect(read(longest: 7, "a")?.error?.message.contains("WRONGTYPE") == true)
  }

  // MARK: anchor.lua

  private func anchor(_ time: Int64, _ names: String...) -> [Int64] {
    let watermark = Watermark(due: UnixTime(microseconds: time), taskID: nil, totalRunCount: 2).bytes
    let arguments = (names.isEmpty ? ["a"] : names).flatMap { [$0, String(decoding: watermark, as: UTF8.self)] }
    return (evaluate(PackageResources.anchor_lua, keys: ["mark"], arguments)?.array ?? []).compactMap(\.integer)
  }

  private var markedTime: Int64? {
    store("HGET", "mark", "a")?.bytes.flatMap { Watermark($0) }?.due.microseconds
  }

  /// The daemon that saw the schedule first is right, and a later one must not undo what was fired since.
  @Test func anchorKeepsTheFirst() {
    #expect(anchor(1_000) == [1])
    for time in [Int64(999), 1_000, 10_000] { #expect(anchor(time) == [0]) }
    #expect(markedTime == 1_000)
    #expect(store("HLEN", "mark")?.integer == 1)
  }

  @Test func anchorsTogether() {
    #expect(anchor(1_000, "b") == [1])
    #expect(anchor(2_000, "a", "b", "c", "a") == [1, 0, 1, 0])
    #expect(markedTime == 2_000)
    #expect(store("HGET", "mark", "b")?.bytes.flatMap { Watermark($0) }?.due.microseconds == 1_000)
    #expect(store("HLEN", "mark")?.integer == 3)
  }

  // MARK: rebase.lua

  private func rebase(from expected: Int64, to time: Int64, token: String = "") -> Int64? {
    let watermark = Watermark(due: UnixTime(microseconds: time), taskID: nil, totalRunCount: 2).bytes
    return evaluate(
      PackageResources.rebase_lua, keys: ["mark", "lease"],
      ["a", Watermark.digits(UnixTime(microseconds: expected)), String(decoding: watermark, as: UTF8.self), token, ""])?
      .integer
  }

  @Test func rebaseReplacesOnlyTheWatermarkItKnows() {
    #expect(rebase(from: 1_000, to: 500) == 0)
    #expect(store("EXISTS", "mark")?.integer == 0)
    #expect(anchor(1_000) == [1])
    #expect(rebase(from: 999, to: 500) == 0)
    #expect(markedTime == 1_000)
    #expect(rebase(from: 1_000, to: 500) == 1)
    #expect(markedTime == 500)
  }

  /// A daemon that has lost the lease without knowing it must not change watermarks.
  @Test func rebaseIsForWhoHasTheLease() {
    #expect(anchor(1_000) == [1])
    #expect(rebase(from: 1_000, to: 500, token: "mine") == 0)
    store("SET", "lease", "theirs")
    #expect(rebase(from: 1_000, to: 500, token: "mine") == 0)
    #expect(markedTime == 1_000)
    store("SET", "lease", "mine")
    #expect(rebase(from: 1_000, to: 500, token: "mine") == 1)
    #expect(markedTime == 500)
  }

  // MARK: declare.lua and bindings.lua

  private func members(_ database: Int, _ key: String) throws -> [String] {
    let client = try server.client()
    client("SELECT", "\(database)")
    return (client("SMEMBERS", key)?.array ?? []).compactMap(\.text).sorted()
  }

  private func declare(_ queue: String, store: Int, broker: Int) -> RedisReply? {
    let binding = KombuKeys.standard.member(QueueBinding(queue: queue))
    return evaluate(
      PackageResources.declare_lua, keys: ["_kombu.binding.\(queue)", "_kombu.binding_permanent.\(queue)"],
      [String(decoding: binding, as: UTF8.self), "\(store)", "\(broker)"])
  }

  @Test(arguments: [0, 1, 5]) func declaresAsKombuDoes(broker: Int) throws {
    #expect(declare("q", store: 1, broker: broker)?.text == "OK")
    #expect(declare("q", store: 1, broker: broker)?.text == "OK")
    let member = "q\u{06}\u{16}\u{06}\u{16}q"
    #expect(try members(broker, "_kombu.binding.q") == [member])
    #expect(try members(broker, "_kombu.binding_permanent.q") == [member])
    #expect(store("DBSIZE")?.integer == (broker == 1 ? 2 : 0))
  }

  @Test func declareTellsOfAKeyOfAnotherType() throws {
    store("SET", "_kombu.binding_permanent.q", "x")
    #expect(declare("q", store: 1, broker: 1)?.error?.message.contains("WRONGTYPE") == true)
    store("SET", "_kombu.binding.q", "x")
    #expect(declare("q", store: 1, broker: 1)?.error?.message.contains("WRONGTYPE") == true)
  }

  @Test(arguments: [0, 1, 5]) func readsBindings(broker: Int) throws {
    let client = try server.client()
    client("SELECT", "\(broker)")
    client("SADD", "_kombu.binding.x", "one", "two")
    func bindings(_ key: String) -> RedisReply? {
      evaluate(PackageResources.bindings_lua, keys: [key], ["1", "\(broker)"])
    }
    #expect(bindings("_kombu.binding.x")?.array?.compactMap(\.text).sorted() == ["one", "two"])
    #expect(bindings("_kombu.binding.none") == .array([]))
    client("SET", "_kombu.binding.y", "x")
    #expect(bindings("_kombu.binding.y")?.error?.message.contains("WRONGTYPE") == true)
  }
}
