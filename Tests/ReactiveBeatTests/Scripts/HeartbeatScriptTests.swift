import Testing

@testable import BeatCore
@testable import BeatRedis
@testable import ReactiveBeat

/// The scripts of the heartbeat and of the release, called as Redis gets them.
@Suite struct HeartbeatScriptTests {
  private let server: RedisServer
  private let store: BlockingClient

  init() throws {
    server = try RedisServer()
    store = try server.client()
  }

  private func evaluate(_ script: [UInt8], keys: [String], _ arguments: [String]) -> RedisReply? {
    let words = ["EVAL", String(decoding: script, as: UTF8.self), "\(keys.count)"] + keys + arguments
    return store.call(words.map { Array($0.utf8) })
  }

  /// The parts of a heartbeat's answer.
  private struct Answer: Equatable {
    var previous: String
    var incarnation: String
    var token: String
    var remaining: Int64
    var time: UnixTime
    var isOffered: Bool
    /// Damaged keys: the place of each in KEYS, and then its value.
    var damaged: [String]
  }

  @discardableResult
  private func heartbeat(
    _ sequence: Int, as instance: String = "one", lives: Int = 10_000, word: String? = nil, lease: Int = 5_000,
    claim: String = "free", offers: Bool = false
  ) throws -> Answer {
    let reply = evaluate(
      PackageResources.heartbeat_lua, keys: ["heartbeat:\(instance)", "incarnation", "lease", "epoch", "offer"],
      ["\(sequence)", "\(lives)", word ?? "word of \(instance)", instance, "\(lease)", claim, offers ? "1" : "0"])
    let parts = try #require(reply?.array, "\(String(describing: reply))")
    let text = parts.map { $0.text ?? "" }
    try #require(parts.count == 8)
    let seconds = try #require(Int64(text[4]))
    let microseconds = try #require(Int64(text[5]))
    return Answer(
      previous: text[0], incarnation: text[1], token: text[2], remaining: try #require(parts[3].integer),
      time: UnixTime(microseconds: seconds * 1_000_000 + microseconds), isOffered: parts[6].integer == 1,
      damaged: (parts[7].array ?? []).map { $0.text ?? $0.integer.map { "\($0)" } ?? "?" })
  }

  private func release(_ instance: String) -> Int64? {
    evaluate(PackageResources.release_lua, keys: ["lease"], [instance])?.integer
  }

  private func value(_ key: String) -> String? { store("GET", key)?.text }
  private func lifetime(_ key: String) -> Int64 { store("PTTL", key)?.integer ?? -3 }

  // MARK: the lease

  @Test func takesALeaseThatIsFree() throws {
    let answer = try heartbeat(1, lease: 5_000)
    #expect(answer.token == "one:1")
    #expect((4_000...5_000).contains(answer.remaining))
    #expect(value("lease") == "one:1")
    #expect((4_000...5_000).contains(lifetime("lease")))
    #expect(value("epoch") == "1")
  }

  @Test func renewsItsOwn() throws {
    try heartbeat(1, lease: 2_000)
    let answer = try heartbeat(2, lease: 60_000)
    #expect(answer.token == "one:1")
    #expect((50_000...60_000).contains(answer.remaining))
    #expect((50_000...60_000).contains(lifetime("lease")))
    #expect(value("epoch") == "1")
  }

  /// The reply to the heartbeat that took the lease was lost. The next heartbeat finds the instance in the lease, so
  /// the holder gets its token.
  @Test func tellsTheTokenAfterALostReply() throws {
    try heartbeat(1)
    #expect(try heartbeat(1).token == "one:1")
    #expect(try heartbeat(7).token == "one:1")
  }

  /// A daemon that claims nothing neither takes nor renews the lease.
  @Test func whoAsksForNothingTakesNothing() throws {
    #expect(try heartbeat(1, claim: "nothing").token == "")
    #expect(value("lease") == nil && value("epoch") == nil)
    try heartbeat(2, lease: 60_000)
    store("PEXPIRE", "lease", "1000")
    #expect(try heartbeat(3, lease: 60_000, claim: "nothing").token == "one:1")
    #expect(lifetime("lease") <= 1_000)
  }

  /// The holder lacks a right and offers its lease; the other daemon lacks none.
  @Test func anOfferedLeaseIsTakenByWhoAsksForIt() throws {
    try heartbeat(1, as: "one", offers: true)
    #expect(try heartbeat(1, as: "two").token == "one:1")
    #expect(try heartbeat(1, as: "two", claim: "nothing").isOffered)
    let answer = try heartbeat(2, as: "two", claim: "offered")
    #expect(answer.token == "two:2" && !answer.isOffered)
    #expect(value("offer") == nil && value("lease") == "two:2")
    #expect(try heartbeat(2, as: "one", offers: true).token == "two:2", "no daemon offers another's lease")
    #expect(value("offer") == nil)
    #expect(try heartbeat(3, as: "one", claim: "offered").token == "two:2")
  }

  /// The order in the script matters: a daemon whose user is refused any of its commands neither gets the lease nor
  /// keeps it.
  @Test(arguments: ["time", "get", "set", "pttl", "incr", "del"]) func whoIsRefusedACommandGetsNoLease(
    _ command: String
  ) throws {
    // DEL is called only if the daemon has an offer from before.
    if command == "del" { store("SET", "offer", "one:1") }
    store.call(
      "ACL SETUSER limited reset on nopass ~* &* +@all -\(command)".split(separator: " ").map { Array($0.utf8) })
    let limited = try server.client()
    limited("AUTH", "limited", "any")
    let reply = limited.call(
      (["EVAL", String(decoding: PackageResources.heartbeat_lua, as: UTF8.self), "5"]
        + ["heartbeat:one", "incarnation", "lease", "epoch", "offer"]
        + ["1", "10000", "word", "one", "5000", "free", "0"]).map { Array($0.utf8) })
    #expect(reply?.error != nil && value("lease") == nil)
  }

  /// The epoch is no number that can be counted on: it is reported and replaced, and the lease is taken.
  @Test(arguments: ["abc", "", "9223372036854775807", "1e5", "99999999999999999999", " 7", "99999999999999"])
  func anEpochThatIsDamagedIsReplaced(_ text: String) throws {
    store("SET", "epoch", text)
    let answer = try heartbeat(1)
    #expect(answer.damaged == ["4", text == "99999999999999" ? "100000000000000" : text])
    let epoch = try #require(Int64(answer.token.split(separator: ":")[1]))
    #expect(epoch > 1_000_000_000 && value("epoch") == "\(epoch)" && value("lease") == answer.token)
    #expect(release("one") == 1)
    #expect(try heartbeat(2).token == "one:\(epoch + 1)")
  }

  @Test func leavesAnothersAlone() throws {
    try heartbeat(1, as: "one", lease: 3_000)
    let answer = try heartbeat(1, as: "two", lease: 60_000)
    #expect(answer.token == "one:1")
    #expect((1...3_000).contains(answer.remaining))
    #expect(value("lease") == "one:1")
    #expect(lifetime("lease") <= 3_000)
    #expect(value("epoch") == "1")
  }

  /// Names of instances are compared to their end.
  @Test(arguments: ["on", "one1", "one:", ""]) func isNotDeceivedByASimilarName(_ instance: String) throws {
    try heartbeat(1, as: "one")
    #expect(try heartbeat(1, as: instance).token == "one:1")
    #expect(value("lease") == "one:1")
    #expect(release(instance) == 0)
    #expect(value("lease") == "one:1")
  }

  @Test func theEpochGrowsWithEachHolder() throws {
    for round in 1...5 {
      let instance = round.isMultiple(of: 2) ? "two" : "one"
      #expect(try heartbeat(round, as: instance).token == "\(instance):\(round)")
      #expect(try heartbeat(round + 1, as: instance).token == "\(instance):\(round)")
      #expect(release(instance) == 1)
    }
    #expect(value("epoch") == "5")
  }

  @Test func takesALeaseThatRanOut() throws {
    try heartbeat(1, as: "one", lease: 30)
    #expect(eventually { (try? heartbeat(1, as: "two").token) == "two:2" })
    #expect(try heartbeat(2, as: "one").token == "two:2")
  }

  /// Every daemon's lease runs out by itself. One that does not belongs to no daemon, and would keep all of them from
  /// firing for ever.
  @Test func takesOverWhatNeverRunsOut() throws {
    store("SET", "lease", "somebody")
    #expect(try heartbeat(1).token == "one:1")
    #expect((4_000...5_000).contains(lifetime("lease")))
    store("PERSIST", "lease")
    #expect(try heartbeat(1, as: "two").token == "two:2")
  }

  /// Redis' clock was years ahead when the lease was taken.
  @Test func takesALeaseThatLastsLongerThanAnybodysMay() throws {
    store("SET", "lease", "one:1", "PX", "3600001000")
    #expect(try heartbeat(1, as: "two").token == "two:1")
  }

  /// The value may be a newer version's.
  @Test func waitsForAForeignValueToRunOut() throws {
    store("SET", "lease", "somebody", "PX", "60000")
    let answer = try heartbeat(1)
    #expect(answer.token == "somebody" && answer.remaining > 50_000)
    #expect(answer.damaged == ["3", "somebody"], "it is reported all the same")
    #expect(value("lease") == "somebody")
    #expect(store("EXISTS", "epoch")?.integer == 0)
  }

  @Test func wantsNoLease() throws {
    let answer = try heartbeat(1, lease: 0)
    #expect(answer.token == "" && answer.remaining == 0)
    #expect(store("EXISTS", "lease", "epoch")?.integer == 0)
    store("SET", "lease", "two:1", "PX", "60000")
    #expect(try heartbeat(2, lease: 0).token == "")
    #expect(value("lease") == "two:1")
  }

  /// Such a key is no daemon's lease, and no lease can be written while it exists.
  @Test func aLeaseOfAnotherTypeIsToldAndReplaced() throws {
    store("LPUSH", "lease", "x")
    let answer = try heartbeat(1)
    #expect(answer.damaged == ["3", "another Redis type"] && answer.token == "one:1")
    #expect(value("lease") == "one:1")
    #expect(try heartbeat(2).damaged == [])
  }

  /// No daemon of any version writes such a lease.
  @Test(arguments: [String(repeating: "x", count: 200), "two:1\n", "a b:1", "\u{1b}:1"])
  func aLeaseThatNobodyCanHaveWrittenIsReplaced(_ text: String) throws {
    store("SET", "lease", text, "PX", "3000000")
    let answer = try heartbeat(1)
    #expect(answer.token == "one:1" && answer.damaged == ["3", String(text.prefix(128))])
  }

  /// A key of another type stays, and the daemon goes without what it holds: the lease is taken.
  @Test(arguments: ["epoch", "incarnation", "offer"]) func anotherTypeEndsNoHeartbeat(_ key: String) throws {
    store("LPUSH", key, "x")
    let answer = try heartbeat(1)
    let place = ["incarnation": "2", "epoch": "4", "offer": "5"][key]
    #expect(answer.token.hasPrefix("one:") && value("lease") == answer.token)
    #expect(answer.damaged == [place, "another Redis type"])
    #expect(store("TYPE", key)?.text == "list")
    #expect(try heartbeat(2).token == answer.token)
  }

  /// An answer is short, however long the stored value is.
  @Test(arguments: ["heartbeat:one", "incarnation", "lease", "epoch", "offer"]) func longTextIsNotTold(_ key: String)
    throws
  {
    store("SETRANGE", key, "9999999", "x")
    let answer = try heartbeat(1)
    #expect(answer.token.hasPrefix("one:") && answer.previous.utf8.count <= 128 && answer.incarnation.utf8.count <= 128)
    #expect(answer.damaged.allSatisfy { $0.utf8.count <= 128 })
    #expect(answer.damaged.isEmpty == ["heartbeat:one", "offer"].contains(key))
  }

  // MARK: giving it back

  @Test func givesBackItsOwn() throws {
    try heartbeat(1)
    #expect(release("one") == 1)
    #expect(store("EXISTS", "lease")?.integer == 0)
    #expect(release("one") == 0)
    #expect(try heartbeat(1, as: "two").token == "two:2")
  }

  @Test func doesNotGiveBackAnothers() throws {
    try heartbeat(1, as: "two")
    #expect(release("one") == 0)
    #expect(value("lease") == "two:1")
  }

  // MARK: the heartbeat and the store

  @Test func tellsThePreviousHeartbeat() throws {
    #expect(try heartbeat(1).previous == "")
    #expect(try heartbeat(2).previous == "1")
    #expect(try heartbeat(9).previous == "2")
    #expect(value("heartbeat:one") == "9")
    #expect(try heartbeat(1, as: "two").previous == "")
  }

  @Test func aHeartbeatRunsOut() throws {
    try heartbeat(1, lives: 10_000)
    #expect((9_000...10_000).contains(lifetime("heartbeat:one")))
    try heartbeat(2, lives: 20)
    #expect(eventually { store("EXISTS", "heartbeat:one")?.integer == 0 })
    #expect(try heartbeat(3).previous == "")
  }

  @Test func theIncarnationIsThatOfTheFirst() throws {
    #expect(try heartbeat(1, word: "first").incarnation == "first")
    #expect(try heartbeat(2, word: "second").incarnation == "first")
    #expect(try heartbeat(1, as: "two", word: "third").incarnation == "first")
    #expect(lifetime("incarnation") == -1)
  }

  @Test(arguments: ["FLUSHDB", "SWAPDB 0 1"]) func anotherStoreHasAnotherIncarnation(_ command: String) throws {
    try heartbeat(1, word: "first")
    store.call(command.split(separator: " ").map { Array($0.utf8) })
    let answer = try heartbeat(2, word: "second")
    #expect(answer.incarnation == "second" && answer.previous == "")
  }

  @Test func tellsTheServersTime() throws {
    let before = SystemClock.now()
    let answer = try heartbeat(1)
    let after = SystemClock.now()
    #expect(answer.time >= before.advanced(by: -1_000) && answer.time <= after.advanced(by: 1_000))
  }

  /// Every key it touches is declared, so that access control can judge the call before it has begun.
  @Test func touchesDeclaredKeysOnly() throws {
    store.call(
      "ACL SETUSER limited reset on nopass ~heartbeat:one ~incarnation ~lease ~epoch ~offer &* +@all".split(
        separator: " "
      )
      .map { Array($0.utf8) })
    store("AUTH", "limited", "any")
    #expect(try heartbeat(1).token == "one:1")
    #expect(release("one") == 1)
  }
}
