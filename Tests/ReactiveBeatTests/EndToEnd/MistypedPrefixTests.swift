import Testing

@testable import BeatCore
@testable import ReactiveBeat

/// A key prefix lacks its end, or has too much of one: the user is told which prefix was probably meant.
@Suite struct MistypedPrefixTests {
  private static let variable = "CELERY_REDIS_SCHEDULER_KEY_PREFIX"
  private static let prefixes = ["tasks:meta", "tasks:meta:hello"]

  @Test(arguments: prefixes) func isNamed(_ prefix: String) throws {
    let stage = try Stage()
    stage.set("hello", schedule("hello"))
    let wrong = [Self.variable: prefix]
    let asked = "key prefix \(prefix) "
    func isTold(_ text: String) -> Bool { text.contains(asked) && text.contains("to be tasks:meta:?") }
    let list = try stage.run("list", environment: wrong)
    #expect(list.exit == .status(0) && list.notes.contains(where: isTold), "\(list.notes)")
    let doctor = try stage.run("doctor", environment: wrong)
    #expect(doctor.lines.contains(where: isTold), "\(doctor.text)")
    #expect(doctor.text.contains("--key-prefix tasks:meta:"))
    let set = try stage.run("set", "new", "--task", "t", "--every", "1h", "--dry-run", environment: wrong)
    #expect(set.exit == .status(0) && set.notes.contains(where: isTold), "\(set.notes)")
    let daemon = try stage.launch(wrong)
    let line = try daemon.wait(for: "prefix")
    #expect(line.level == "warning" && isTold(line.reason) && line["others"] == "tasks:meta:")
    try daemon.stop()
    // The right prefix raises no note.
    #expect(try !stage.run("list").notes.contains { $0.contains("key prefix") })
    #expect(try !stage.run("set", "new", "--task", "t", "--every", "1h").notes.contains { $0.contains("key prefix") })
  }

  /// Users write a pattern where a prefix is meant.
  @Test func aGlob() throws {
    let stage = try Stage()
    stage.set("hello", schedule("hello"))
    let wrong = [Self.variable: "tasks:meta:*"]
    for arguments in [["list"], ["set", "new", "--task", "t", "--every", "1h"]] {
      let run = try stage.run(arguments, environment: wrong)
      #expect(
        run.notes.contains { $0.contains("key prefix tasks:meta:* is no glob") && $0.contains("to be tasks:meta:?") },
        "\(run.notes)")
    }
    #expect(try stage.run("doctor", environment: wrong).text.contains("is no glob"))
  }
}
