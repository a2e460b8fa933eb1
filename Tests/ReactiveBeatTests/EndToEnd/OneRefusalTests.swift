import Testing

@testable import BeatCore
@testable import ReactiveBeat

/// Work that the daemon repeats goes on after one refusal: the refusal is logged, the work is tried again, and `able`
/// is logged when nothing is missing any more.
@Suite struct OneRefusalTests {
  private func stage() throws -> Stage {
    let stage = try Stage()
    stage.store("ACL", "SETUSER", "one", "on", ">secret", "~*", "&*", "+@all")
    stage.set("a", schedule("a"))
    return stage
  }

  /// Rights taken from a running daemon: SCAN, which only an audit and a new load need, and the command of an audit's
  /// reads.
  @Test(arguments: [("scan", "limited", "lacks"), ("mget", "unable", "unable")])
  func anAuditIsTriedAgain(_ right: String, _ message: String, _ word: String) throws {
    let stage = try stage()
    let daemon = try stage.daemon(["BEAT_WATCH_AUDIT_INTERVAL": "1"], user: "one:secret@")
    stage.store("ACL", "SETUSER", "one", "-\(right)")
    let line = try daemon.wait(for: message)
    #expect(line.reason.contains("ACL SETUSER one +\(right)"), "\(line)")
    #expect(
      eventually {
        (try? stage.run("status").lines.contains { $0.hasPrefix(word) && $0.contains(right.uppercased()) }) == true
      })
    stage.store("ACL", "SETUSER", "one", "+\(right)")
    try daemon.wait(for: "able", within: 20)
    #expect(eventually { (try? stage.run("status").lines.contains { $0.hasPrefix(word) }) == false })
    // Without class l, SORT … STORE overwrites a schedule without an event. The heartbeat's events still come.
    stage.store("CONFIG", "SET", "notify-keyspace-events", "Kg$x")
    stage.store("RPUSH", "numbers", "1")
    stage.store("SORT", "numbers", "STORE", stage.key("a"))
    try daemon.wait(for: "repaired")
    #expect(daemon.logged(message).count == 1, "\(daemon.output)")
    try daemon.stop()
  }

  /// The daemon notices a missing right of its next connection while the present one is open.
  @Test func whatOnlyTheNextConnectionNeeds() throws {
    let stage = try stage()
    let daemon = try stage.daemon(["BEAT_WATCH_AUDIT_INTERVAL": "1"], user: "one:secret@")
    stage.store("ACL", "SETUSER", "one", "-eval")
    let line = try daemon.wait(for: "limited")
    #expect(line.reason.contains("ACL SETUSER one +eval"), "\(line)")
    stage.store("ACL", "SETUSER", "one", "+eval")
    try daemon.wait(for: "able")
    try daemon.stop()
  }

  /// A right that is given back after a long time is noticed within seconds, in the log and in the record.
  @Test func whatIsGivenBackIsNoticedSoon() throws {
    let stage = try stage()
    stage.store("ACL", "SETUSER", "one", "-xadd", "-llen")
    let daemon = try stage.daemon(["BEAT_WATCH_AUDIT_INTERVAL": "0"], user: "one:secret@")
    try daemon.wait(for: "limited")
    let start = MonotonicTime.now()
    // The rehearsals of a session come less and less often.
    #expect(eventually(within: 20) { MonotonicTime.now().microseconds(since: start) > 17_000_000 })
    stage.store("ACL", "SETUSER", "one", "+xadd", "+llen")
    try daemon.wait(for: "able", within: 7)
    #expect(eventually { (try? stage.run("status").lines.contains { $0.hasPrefix("lacks") }) == false })
    try daemon.stop()
  }

  @Test func aSweepIsTriedAgain() throws {
    let stage = try stage()
    stage.store("ACL", "SETUSER", "one", "-hscan")
    stage.store("HSET", stage.watermarkKey, "gone", "00001600000000000000|67a4f62f-f7ea-5860-bb13-cf025d026938|3")
    let daemon = try stage.daemon(["BEAT_WATCH_AUDIT_INTERVAL": "1"], user: "one:secret@")
    // By then the first audit has tried it.
    let start = MonotonicTime.now()
    #expect(eventually { MonotonicTime.now().microseconds(since: start) > 3_000_000 })
    stage.store("ACL", "SETUSER", "one", "+hscan")
    #expect(try daemon.wait(for: "swept").number("watermarks") == 1)
    try daemon.stop()
  }

  /// The daemon's record could not be written for a while, and nothing has changed since.
  @Test func aRecordIsWrittenAgain() throws {
    let stage = try stage()
    let key = "reactivebeat:tasks:meta:daemons"
    stage.store("SET", key, "x")
    let daemon = try stage.daemon()
    try daemon.wait(for: "leading")
    // By then nothing in the record changes any more.
    let start = MonotonicTime.now()
    #expect(eventually { MonotonicTime.now().microseconds(since: start) > 2_000_000 })
    stage.store("DEL", key)
    #expect(eventually { stage.store("HLEN", key)?.integer == 1 }, "\(daemon.output)")
    try daemon.stop()
  }
}
