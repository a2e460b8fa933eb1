import Testing

@testable import BeatCore
@testable import BeatRedis
@testable import ReactiveBeat

/// The client whose calls wait for their answers.
@Suite struct RedisStoreClientTests {
  private let keys = RedisKeys(prefix: "tasks:meta:")

  private func error(_ work: () throws -> Void) -> StoreError? {
    do {
      try work()
      return nil
    } catch { return error as? StoreError }
  }

  @Test func repliesComeInTheOrderOfTheCommands() throws {
    let server = try RedisServer()
    let client = try RedisStoreClient(server.url(), keys: keys)
    let replies = try client.replies(to: (0..<1000).map { RedisCommand("ECHO", "\($0)") })
    #expect(replies.map(\.text) == (0..<1000).map { "\($0)" })
    #expect(try client.command(RedisCommand("PING")) == .status("PONG"))
    let loose = try client.replies(to: [RedisCommand("NONSENSE"), RedisCommand("PING")])
    #expect(loose[0].error != nil && loose[1] == .status("PONG"))
  }

  /// Names are in the order of their bytes, whatever beginnings they share. A name that the server returns twice comes
  /// once.
  @Test func namesComeInTheOrderOfTheirBytes() {
    #expect(EntryName.inOrder([]) == [])
    for prefix in ["", "tenant-", "longer than the sixteen bytes that are looked at first "] {
      var names: [EntryName] = [EntryName(prefix)]
      for _ in 0..<500 {
        let length = Int.random(in: 0...20)
        // There are few different letters, so that many names begin alike. One of them is zero, which also stands for
        // the end of a name.
        names.append(EntryName(Array(prefix.utf8) + (0..<length).map { _ in [0, 1, 97, 255].randomElement() ?? 0 }))
      }
      let expected = Set(names).sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) }
      #expect(EntryName.inOrder(names + names.shuffled()) == expected)
    }
  }

  @Test func allDocumentsAreFoundWithTheirWatermarks() throws {
    let stage = try Stage()
    for index in 0..<1_234 { stage.set("s\(index)", schedule("s\(index)")) }
    stage.store("LPUSH", stage.key("list"), "x")
    stage.store("SET", "other:key", "x")
    let watermark = Watermark(due: UnixTime(seconds: 1_772_452_800), taskID: nil, totalRunCount: 3)
    stage.store.call([Array("HSET".utf8), Array(stage.watermarkKey.utf8), Array("s7".utf8), watermark.bytes])
    let client = try RedisStoreClient(stage.server.url(database: 1), keys: keys)
    let documents = try client.documents()
    #expect(documents.count == 1_235)
    #expect(
      documents.map(\.name.bytes).elementsEqual(
        documents.map(\.name.bytes).sorted { $0.lexicographicallyPrecedes($1) }, by: ==))
    let seventh = try #require(documents.first { $0.name == EntryName("s7") })
    #expect(seventh.bytes == Array(schedule("s7").utf8) && seventh.watermark == watermark)
    #expect(documents.first { $0.name == EntryName("list") }?.bytes == nil)
    #expect(try client.document(EntryName("none")).isAbsent)
  }

  /// A pattern matches what Redis' own glob matches, for thousands of random ones.
  @Test func globsAreThoseOfRedis() throws {
    let server = try RedisServer()
    let client = try server.client()
    var chance = SystemRandomNumberGenerator()
    func random(_ letters: String, _ length: ClosedRange<Int>) -> String {
      String((0..<Int.random(in: length, using: &chance)).compactMap { _ in letters.randomElement(using: &chance) })
    }
    let names = Set((0..<400).map { _ in random(#"abc]^-\*?["#, 1...6) })
    for name in names { client("SET", name, "1") }
    for _ in 0..<4_000 {
      let pattern = random(#"aabc**??[[]]^--\"#, 1...8)
      let theirs = Set(client("KEYS", pattern)?.array?.compactMap(\.text) ?? [])
      let ours = names.filter { NamePattern(pattern).matches(EntryName($0)) }
      #expect(ours == theirs, "\(pattern)")
    }
  }

  @Test func nobodyThere() throws {
    let url = try RedisURL("redis://:hush@127.0.0.1:\(RedisServer.freePort())/0")
    let error = error { _ = try RedisStoreClient(url, keys: keys) }
    #expect(error?.kind == .unreachable)
    #expect(error?.message.contains("is redis-server running there?") == true)
    #expect(error?.message.contains("hush") == false)
  }

  @Test func aWrongPasswordAndNone() throws {
    let server = try RedisServer(["--requirepass", "right"], tcp: true)
    for user in ["", ":wrong@"] {
      let url = try RedisURL("redis://\(user)127.0.0.1:\(server.port)/0")
      let error = error { _ = try RedisStoreClient(url, keys: keys) }
      #expect(error?.kind == .denied, "\(user)")
      #expect(error?.message.contains("wrong@") == false)
    }
    let url = try RedisURL("redis://:right@127.0.0.1:\(server.port)/0")
    #expect(try RedisStoreClient(url, keys: keys).names() == [])
  }

  @Test func whatIsNotAllowed() throws {
    let stage = try Stage()
    stage.store(
      "ACL", "SETUSER", "reader", "reset", "on", ">pw", "~tasks:meta:*", "+select", "+scan", "+client|setname")
    let client = try RedisStoreClient(RedisURL(stage.url(1, user: "reader:pw@")), keys: keys)
    #expect(try client.names() == [])
    let error = error { _ = try client.document(EntryName("x")) }
    #expect(error?.kind == .denied && error?.message.contains("ACL SETUSER") == true)
    stage.store("ACL", "SETUSER", "reader", "~*", "+eval", "+evalsha", "+type", "+get")
    let inScript = self.error { _ = try client.save([0x31], as: EntryName("x"), inPlaceOf: nil) }
    #expect(inScript?.kind == .denied, "\(String(describing: inScript))")
    #expect(!stage.exists("x"))
  }

  @Test func aReplicaTakesNoWrites() throws {
    let stage = try Stage(["--replicaof", "127.0.0.1", "1", "--replica-serve-stale-data", "yes"])
    let client = try RedisStoreClient(stage.server.url(database: 1), keys: keys)
    #expect(try client.names() == [])
    let error = error { _ = try client.save([0x31], as: EntryName("x"), inPlaceOf: nil) }
    #expect(error?.kind == .readOnly && error?.message.contains("name the primary") == true)
  }

  @Test func aServerThatDiesInBetween() throws {
    let server = try RedisServer()
    let client = try RedisStoreClient(server.url(), keys: keys)
    server.kill()
    #expect(error { _ = try client.names() }?.kind == .unreachable)
    #expect(error { _ = try client.names() }?.kind == .unreachable)
  }

  @Test func sentinelsLeadToThePrimary() throws {
    let stage = try SentinelStage()
    let client = try RedisStoreClient(RedisURL(stage.url(1)), keys: keys)
    #expect(try client.command(RedisCommand("ROLE")).array?.first?.text == "master")
  }
}

/// Edits that lose no other client's work.
@Suite struct StoreEditTests {
  private let name = EntryName("a")

  private func client(_ stage: Stage) throws -> RedisStoreClient {
    try RedisStoreClient(stage.server.url(database: 1), keys: RedisKeys(prefix: stage.prefix))
  }

  @Test func onlyWhatWasSeenIsReplaced() throws {
    let stage = try Stage()
    let client = try client(stage)
    #expect(try client.save([0x31], as: name, inPlaceOf: nil))
    #expect(try !client.save([0x32], as: name, inPlaceOf: nil))
    #expect(try !client.save([0x32], as: name, inPlaceOf: [0x30]))
    #expect(stage.document("a") == "1")
    #expect(try client.save([0x32], as: name, inPlaceOf: [0x31]))
    #expect(stage.document("a") == "2")
    #expect(try !client.delete(name, seen: [0x31]))
    #expect(try client.delete(name, seen: [0x32]))
    #expect(!stage.exists("a"))
    #expect(try !client.save([0x32], as: name, inPlaceOf: [0x31]))
    stage.store("LPUSH", stage.key("a"), "x")
    #expect(try !client.save([0x32], as: name, inPlaceOf: [0x31]))
    #expect(try !client.save([0x32], as: name, inPlaceOf: nil))
  }

  @Test func aTimeToLiveStays() throws {
    let stage = try Stage()
    let client = try client(stage)
    stage.store("SET", stage.key("a"), "1", "EX", "500")
    #expect(try client.save([0x32], as: name, inPlaceOf: [0x31]))
    #expect((stage.store("TTL", stage.key("a"))?.integer ?? 0) > 400)
    #expect(try client.rename(name, to: EntryName("b")) == .renamed)
    #expect((stage.store("TTL", stage.key("b"))?.integer ?? 0) > 400)
  }

  @Test func aRenameTakesTheWatermarkAlong() throws {
    let stage = try Stage()
    let client = try client(stage)
    stage.set("a", "1")
    stage.store("HSET", stage.watermarkKey, "a", "mark of a")
    stage.store("HSET", stage.watermarkKey, "b", "of an earlier b")
    #expect(try client.rename(name, to: EntryName("b")) == .renamed)
    #expect(!stage.exists("a") && stage.document("b") == "1")
    #expect(stage.store("HGETALL", stage.watermarkKey)?.array?.compactMap(\.text) == ["b", "mark of a"])
    #expect(try client.rename(name, to: EntryName("c")) == .gone)
    stage.set("a", "2")
    #expect(try client.rename(name, to: EntryName("b")) == .exists)
    #expect(stage.document("a") == "2" && stage.document("b") == "1")
    #expect(try client.rename(name, to: name) == .exists)
    // A schedule without a watermark does not get that of an earlier schedule with the new name.
    stage.store("HSET", stage.watermarkKey, "c", "of an earlier c")
    #expect(try client.rename(name, to: EntryName("c")) == .renamed)
    #expect(stage.store("HEXISTS", stage.watermarkKey, "c")?.integer == 0)
  }

  /// Where the watermark may not be written, the document is not renamed either.
  @Test func aRenameThatIsRefusedHalfWayIsNone() throws {
    let stage = try Stage()
    stage.set("a", "1")
    stage.store("HSET", stage.watermarkKey, "a", "mark of a")
    stage.store(
      "ACL", "SETUSER", "half", "reset", "on", ">pw", "~*", "+select", "+client|setname", "+eval", "+evalsha", "+type",
      "+exists", "+hget", "+rename")
    let client = try RedisStoreClient(RedisURL(stage.url(1, user: "half:pw@")), keys: RedisKeys(prefix: stage.prefix))
    #expect(throws: StoreError.self) { try client.rename(name, to: EntryName("b")) }
    #expect(stage.document("a") == "1" && !stage.exists("b"))
    #expect(stage.store("HGETALL", stage.watermarkKey)?.array?.compactMap(\.text) == ["a", "mark of a"])
  }
}
