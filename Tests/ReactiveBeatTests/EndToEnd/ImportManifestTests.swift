import Testing

@testable import BeatCore
@testable import BeatRedis
@testable import ReactiveBeat

/// An import that asks the application also stores what it says of its tasks, for schedules that are made later.
@Suite struct ImportManifestTests {
  private static let key = "reactivebeat:tasks:meta:application"

  private let stage: Stage

  init() throws { stage = try Stage() }

  private func run(_ arguments: String..., input: String = "") throws -> CommandRun {
    let environment = [
      "PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": ProjectFolder.tests("EndToEnd/Apps"),
    ]
    let application = ["--celery-app", "routed", "--python", try ProjectFolder.python(celery: "5.7")]
    return try stage.run(["import"] + application + arguments, input: input, environment: environment)
  }

  private var manifest: JSONValue? { stage.store("GET", Self.key)?.text.flatMap { JSONValue(Array($0.utf8)) } }

  private var tasks: [String: JSONValue]? { if case .object(let tasks)? = manifest?["tasks"] { tasks } else { nil } }

  @Test func schedulesOfLaterGoByIt() throws {
    stage.set("others", schedule("others", task: "other.project"))
    let run = try run()
    let count = try #require(tasks?.count)
    #expect(
      run.lines.contains(
        "beat-watch: published what the application routed says of its \(count) tasks: schedules go by it for what they do "
          + "not say"), "\(run.lines)")
    #expect(manifest?["application"]?.text == "routed")
    #expect(manifest?["published_at"]?.text?.isEmpty == false)
    // The task of a stored schedule, which the application does not have, is in it, too.
    #expect(manifest?["tasks"]?["other.project"]?["registered"] == .bool(false))
    stage.set("later", schedule("later", task: "routed.named"))
    let shown = try stage.run(["show", "later"])
    #expect(shown.text.contains("named"), "\(shown.text)")
  }

  @Test func aDryRunStoresNothing() throws {
    let run = try run("--dry-run")
    #expect(run.text.contains("beat-watch: would publish what the application routed says"), "\(run.lines)")
    #expect(manifest == nil)
  }

  @Test func anotherApplicationsManifestStays() throws {
    let other = #"{"version": 1, "application": "shop", "published_by": "host", "tasks": {}}"#
    stage.store("SET", Self.key, other)
    let refused = try run("-", input: schedule("a"))
    #expect(refused.exit == .status(73))
    #expect(
      refused.text.contains(
        "beat-watch: the manifest is not published: under this prefix the application shop has published its manifest (host), "
          + "and this one is routed: "), "\(refused.lines)")
    #expect(stage.store("GET", Self.key)?.text == other)
    let replaced = try run("-", "--replace", input: schedule("a"))
    #expect(replaced.exit == .status(0), "\(replaced.lines)")
    #expect(manifest?["application"]?.text == "routed")
  }

  @Test func aKeyOfAnotherTypeIsNamed() throws {
    stage.store("LPUSH", Self.key, "x")
    let run = try run("-", input: schedule("a"))
    #expect(run.exit != .status(0) && run.text.contains(Self.key), "\(run.lines)")
  }

  @Test(arguments: [
    (#"{"version": 1, "application": "proj"}"#, nil), ("{", nil),
    (#"{"version": 2, "application": "proj"}"#, "has the version 2"),
    (#"{"version": 1}"#, "under this prefix the application  has"),
    (#"{"application": "old", "published_at": "then", "published_by": "there"}"#, "(then on there)"),
  ]) func whichOneMayBeReplaced(_ stored: String, _ problem: String?) {
    let found = ManifestReplacement.problem(with: "proj", inPlaceOf: Array(stored.utf8), RedisTerms())
    #expect((found == nil) == (problem == nil) && found?.contains(problem ?? "") != false, "\(found ?? "nil")")
  }

  @Test func whatOthersWroteIsCut() {
    let long = String(repeating: "x", count: 100_000)
    let stored = #"{"application": "\#(long)", "published_by": "\#(long)"}"#
    let found = ManifestReplacement.problem(with: "proj", inPlaceOf: Array(stored.utf8), RedisTerms())
    #expect((found?.utf8.count ?? .max) < 600)
  }
}
