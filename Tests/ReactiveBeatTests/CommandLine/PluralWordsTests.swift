import Testing

@testable import BeatCore
@testable import ReactiveBeat

/// Texts say "1 schedule", and not "1 schedules".
@Suite struct PluralWordsTests {
  /// Only `Plural` puts a count before a noun.
  @Test func theSourceHasOneFunctionForIt() throws {
    let nouns =
      "schedules|messages|daemons|queues|edits|documents|problems|warnings|steps|fields|bytes|keys|lines|days|years"
    // Limits are left out, since each of them is more than one.
    let count = #"\\\((?!Plural)(?![^()"]*longest)[^()"]*(\([^()]*\))?[^()"]*\)"#
    let run = try CommandRun(
      ["-rnP", "--include=*.swift", "\(count) (\(nouns))\\b", "\(ProjectFolder.root)/Sources"], program: ["/bin/grep"])
    #expect(run.exit == .status(1), "\(run.text)")
  }

  @Test func one() throws {
    let stage = try Stage()
    stage.set("a", schedule("a"))
    let doctor = try stage.run("doctor").text
    #expect(doctor.contains("1 schedule, all understood"), "\(doctor)")
    #expect(try stage.run("explain", "a").text.contains(" bytes"))
    #expect(try stage.run("set", "a", "--cron", "5").text.contains("has 1 field;"))
    stage.broker("LPUSH", "celery", "x")
    #expect(try stage.run("doctor").text.contains("1 message waits in celery"))
    stage.set("b", "{")
    #expect(try stage.run("explain", "b").text.contains("tasks:meta:b, 1 byte"))
  }
}
