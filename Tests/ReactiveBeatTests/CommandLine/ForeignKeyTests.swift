import Testing

@testable import BeatCore
@testable import ReactiveBeat

/// One of the daemons' own keys has another Redis type: each command that needs the key names it.
@Suite struct ForeignKeyTests {
  private static let base = "reactivebeat:tasks:meta:"

  @Test(arguments: [
    (["status"], "receipts", "hash"), (["status"], "history", "stream"), (["status"], "daemons", "hash"),
    (["history"], "history", "stream"), (["history", "--follow"], "history", "stream"),
    (["watch"], "history", "stream"),
    (["explain", "a"], "history", "stream"), (["explain", "a"], "daemons", "hash"), (["fire", "a"], "manual", "hash"),
    (["list"], "mark", "hash"), (["disable", "a"], "mark", "hash"), (["rename", "a", "b"], "mark", "hash"),
  ])
  func isNamed(_ arguments: [String], _ key: String, _ type: String) throws {
    let stage = try Stage()
    stage.set("a", schedule("a"))
    stage.store("SET", Self.base + key, "x")
    let run = try stage.run(arguments)
    #expect(run.exit == .status(78) && run.lines.count == 1, "\(run.text)")
    #expect(
      run.text.contains("\(Self.base)\(key) holds another Redis type than is needed, a string and no \(type): rename"),
      "\(run.text)")
  }

  /// Schedules run without receipts, and `explain` reports everything else.
  @Test func explainGoesOnWithoutReceipts() throws {
    let stage = try Stage()
    stage.set("a", schedule("a"))
    stage.store("SET", Self.base + "receipts", "x")
    let run = try stage.run("explain", "a")
    #expect(run.exit == .status(0) && run.text.contains("every hour"), "\(run.text)")
    let line = run.lines.first { $0.hasPrefix("last edit ") } ?? ""
    #expect(line.contains(" not known: ") && line.contains("\(Self.base)receipts holds"), "\(run.text)")
    #expect(try stage.run("explain", "a", "--json").json?["edit_heard"] == .null)
  }
}
