import Testing

@testable import BeatCore
@testable import ReactiveBeat

/// A program that edits a document can read in its receipt what became of the edit.
@Suite struct ReceiptTests {
  private let stage: Stage

  init() throws { stage = try Stage() }

  private func receipt(_ name: String, on stage: Stage? = nil) -> JSONValue? {
    (stage ?? self.stage).store("HGET", "reactivebeat:tasks:meta:receipts", name)?.bytes.flatMap { JSONValue($0) }
  }
  private func state(_ name: String) -> String? { receipt(name)?["state"]?.text }

  @Test func tellsWhatBecameOfEachEdit() throws {
    let daemon = try stage.daemon()
    stage.set("a", schedule("a"))
    #expect(eventually { state("a") == "accepted" })
    let loaded = try daemon.wait(for: "loaded", key: stage.key("a"))
    #expect(receipt("a")?["next"]?.text == loaded["next"])
    #expect(receipt("a")?["heard"]?.text != nil)

    stage.set("a", #"{"name": "a", "task": "t", "enabled": true, "interval": {"every": 5, "period": "minuts"}}"#)
    #expect(eventually { state("a") == "rejected" })
    #expect(receipt("a")?["reason"]?.text == (try daemon.wait(for: "rejected"))["reason"])

    stage.set("a", schedule("a", every: "60"))
    #expect(eventually { state("a") == "accepted" })
    stage.set("a", schedule("a").replacing("true", with: "false"))
    #expect(eventually { receipt("a")?["next"] == .null })

    stage.store("DEL", stage.key("a"))
    #expect(eventually { stage.store("HLEN", "reactivebeat:tasks:meta:receipts")?.integer == 0 })
    try daemon.stop()
  }

  /// The digest of a document's bytes shows which edit a receipt answers.
  @Test func carriesTheDigestOfWhatItAnswers() throws {
    let daemon = try stage.daemon()
    func digest(_ document: String) -> String { SHA1.hex(Array(document.utf8)) }
    func answered(_ document: String) -> Bool { eventually { receipt("a")?["sha1"]?.text == digest(document) } }
    #expect(digest("abc") == "a9993e364706816aba3e25717850c26c9cd0d89d")
    // The first document runs at once, so it is written back in the same moment.
    for document in [schedule("a", atOnce), "{", schedule("a", every: "60"), "[1]", schedule("a", every: "61", atOnce)]
    {
      stage.set("a", document)
      #expect(answered(document), "\(document): \(receipt("a").map { "\($0)" } ?? "none")")
      #expect((state("a") == "accepted") == (document.count > 3))
    }
    try daemon.wait(for: "fired")
    // The same bytes are set again. They were not stored any more, since the schedule has run.
    let heard = receipt("a")?["heard"]
    stage.set("a", schedule("a", every: "61", atOnce))
    #expect(eventually { receipt("a")?["heard"] != heard })
    #expect(answered(schedule("a", every: "61", atOnce)))
    // The receipt of a key that was not read has no digest.
    stage.store("DEL", stage.key("a"))
    stage.store("LPUSH", stage.key("a"), "x")
    #expect(eventually { state("a") == "rejected" })
    #expect(receipt("a")?["sha1"] == nil)
    try daemon.stop()
  }

  /// An edit that no daemon heard is answered by the next daemon. A run since then is no edit. A receipt of an earlier
  /// version stays.
  @Test func theDigestIsMendedByTheNextDaemon() throws {
    let daemon = try stage.daemon()
    for name in ["edited", "run", "old"] { stage.set(name, schedule(name)) }
    #expect(eventually { ["edited", "run", "old"].allSatisfy { state($0) == "accepted" } })
    let run = receipt("run")?["sha1"]?.text
    stage.set("run", schedule("run", atOnce))
    #expect(eventually { receipt("run")?["sha1"]?.text != run && stage.watermark("run")?.taskID != nil })
    let ran = receipt("run")
    try daemon.stop()
    stage.set("edited", schedule("edited", every: "60"))
    stage.store(
      "HSET", "reactivebeat:tasks:meta:receipts", "old",
      #"{"state": "accepted", "next": null, "heard": "2026-11-21T05:12:18Z"}"#)
    let next = try stage.daemon()
    #expect(eventually { receipt("edited")?["sha1"]?.text == SHA1.hex(Array(schedule("edited", every: "60").utf8)) })
    #expect(receipt("run") == ran && receipt("old")?["heard"]?.text == "2026-11-21T05:12:18Z")
    try next.stop()
  }

  /// The program that docs/operations.md shows.
  @Test func theDocumentedProgramWaitsForItsOwn() throws {
    let daemon = try stage.daemon()
    let program = try #require(
      DocumentedLines.blocks("python", in: DocumentedLines.text()).first { $0.contains("hashlib.sha1") })
    #expect(program.contains("redis.Redis(db=1)"))
    let here = program.replacing(
      "redis.Redis(db=1)", with: #"redis.Redis(unix_socket_path="\#(stage.server.socketPath)", db=1)"#)
    let more = """

      for every in range(1, 50):
        document = {"name": "h", "task": "t", "enabled": True, "interval": {"every": every, "period": "hours"}}
        if every % 2:
          document["interval"]["period"] = "ours"
        receipt = save(client, "hello", document)
        assert receipt["state"] == ("rejected" if every % 2 else "accepted"), receipt
      assert save(client, "hello", document) is None
      print("done")
      """
    let run = try CommandRun(["-c", here + more], program: [ProjectFolder.python(celery: "5.7")])
    #expect(run.exit == .status(0) && run.lines.last == "done", "\(run.lines)")
    #expect(run.lines.first?.contains("'state': 'accepted'") == true, "\(run.lines)")
    try daemon.stop()
  }

  /// A task that runs each second is written back each second, which is no user's edit.
  @Test func aFireIsNoEdit() throws {
    let daemon = try stage.daemon()
    stage.set("a", schedule("a", every: "0.05"))
    #expect(eventually { state("a") == "accepted" })
    let heard = receipt("a")?["heard"]
    #expect(eventually { (stage.watermark("a")?.totalRunCount ?? 0) >= 5 })
    #expect(receipt("a")?["heard"] == heard)
    try daemon.stop()
  }

  /// A receipt that is out of date, since no daemon heard the edit, is corrected by the next leader.
  @Test func areMendedAtTheNextStart() throws {
    let daemon = try stage.daemon()
    for name in ["gone", "broken", "mended"] { stage.set(name, schedule(name)) }
    stage.set("mended", "{")
    #expect(eventually { state("mended") == "rejected" && state("gone") != nil && state("broken") != nil })
    try daemon.stop()
    stage.store("DEL", stage.key("gone"))
    stage.set("broken", "{")
    stage.set("new and broken", "[")
    stage.set("mended", schedule("mended"))
    let next = try stage.daemon()
    #expect(eventually { state("broken") == "rejected" && state("new and broken") == "rejected" })
    #expect(eventually { state("mended") == "accepted" && state("gone") == nil })
    try next.stop()
  }

  /// Two daemons hear the edit, and the leader writes the receipt.
  @Test func areWrittenByTheOneThatFires() throws {
    let leader = try stage.daemon()
    try leader.wait(for: "leading")
    let standby = try stage.daemon()
    stage.set("a", schedule("a"))
    try standby.wait(for: "loaded", key: stage.key("a"))
    #expect(eventually { state("a") == "accepted" })
    try leader.stop()
    stage.set("b", schedule("b"))
    #expect(eventually { state("b") == "accepted" })
  }

  /// A rename removes the receipt of the old name and gives the new name one. Where the new name is taken, both
  /// receipts stay.
  @Test func followARename() throws {
    let daemon = try stage.daemon()
    stage.set("old", schedule("old"))
    stage.set("broken", "{")
    stage.set("taken", schedule("taken", every: "60"))
    #expect(eventually { state("old") == "accepted" && state("broken") == "rejected" && state("taken") == "accepted" })
    let before = receipt("taken")
    let refused = try stage.run("rename", "old", "taken")
    #expect(refused.exit == .status(73), "\(refused.text)")
    #expect(stage.document("old") == schedule("old") && stage.document("taken") == schedule("taken", every: "60"))

    #expect(try stage.run("rename", "old", "new").exit == .status(0))
    #expect(try stage.run("rename", "broken", "still broken").exit == .status(0))
    #expect(eventually { state("new") == "accepted" && state("old") == nil })
    #expect(eventually { state("still broken") == "rejected" && state("broken") == nil })
    #expect(receipt("new")?["next"]?.text == (try stage.run("show", "new", "--json").next))
    #expect(receipt("taken") == before)
    try daemon.stop()
  }
}

extension CommandRun {
  /// The next run, as `show --json` has it.
  fileprivate var next: String? {
    guard case .array(let next)? = json?["next"] else { return nil }
    return next.first?.text
  }
}
