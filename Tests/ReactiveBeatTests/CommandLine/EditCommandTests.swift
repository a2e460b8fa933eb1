import Glibc
import Testing

@testable import BeatCore
@testable import ReactiveBeat

/// `beat-watch edit`: a user edits a document in an editor, while other clients may change it.
@Suite struct EditCommandTests {
  private let text = schedule("a", #", "queue": "old""#)

  /// Runs `edit` with an editor that replaces `old` by `new`, after the commands of `meanwhile`.
  private func edit(
    _ stage: Stage, _ old: String, _ new: String, meanwhile: String = "true"
  ) throws -> CommandRun {
    let redis = "redis-cli -s \(stage.server.socketPath) -n 1"
    let editor =
      "edit() { \(meanwhile.replacing("REDIS", with: redis)) >/dev/null; sed -i 's|\(old)|\(new)|' \"$1\"; }; edit"
    return try stage.run("edit", "a", environment: ["EDITOR": editor])
  }

  /// Reads and deletes the file that keeps a text which could not be stored.
  private func kept(_ run: CommandRun) -> String? {
    guard let path = run.text.split(separator: " ").last.map(String.init), let file = fopen(path, "r") else {
      return nil
    }
    defer {
      fclose(file)
      unlink(path)
      rmdir(path.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 })
    }
    var status = stat()
    guard fstat(fileno(file), &status) == 0, status.st_mode & 0o777 == 0o600 else { return nil }
    var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
    return fread(&bytes, 1, bytes.count, file) == bytes.count ? String(decoding: bytes, as: UTF8.self) : nil
  }

  @Test func whatIsSavedIsStored() throws {
    let stage = try Stage()
    stage.set("a", text)
    let run = try edit(stage, "old", "new")
    #expect(run.exit == .status(0) && run.text.hasPrefix("changed a: every hour"), "\(run.text)")
    #expect(stage.document("a") == text.replacing("old", with: "new"))
    let none = try edit(stage, "nothing", "else")
    #expect(none.exit == .status(0) && none.text == "unchanged a")
  }

  /// A text that is too long for a daemon to read is not stored.
  @Test func whatIsTooLongIsNotStored() throws {
    let stage = try Stage()
    stage.set("a", text)
    let editor = #"edit() { head -c 1048576 /dev/zero | tr '\0' ' ' >>"$1"; }; edit"#
    let run = try stage.run("edit", "a", environment: ["EDITOR": editor])
    #expect(run.exit == .status(65) && run.text.contains("at most 1048576 are read"), "\(run.text)")
    #expect(stage.document("a") == text && kept(run) != nil)
  }

  @Test func runsMeanwhileAreNoConflict() throws {
    let stage = try Stage()
    stage.set("a", text)
    let ran: String = String(text.dropLast()) + #", "last_run_at": "2026-03-02T12:00:00Z", "total_run_count": 1}"#
    let run = try edit(stage, "old", "new", meanwhile: "REDIS SET tasks:meta:a '\(ran)'")
    #expect(run.exit == .status(0), "\(run.text)")
    #expect(stage.document("a") == ran.replacing("old", with: "new"))
  }

  @Test func anEditMeanwhileIsOneAndBothTextsAreKept() throws {
    let stage = try Stage()
    stage.set("a", text)
    let theirs = text.replacing("old", with: "theirs")
    let run = try edit(stage, "old", "ours", meanwhile: "REDIS SET tasks:meta:a '\(theirs)'")
    #expect(run.exit == .status(75) && run.text.contains("somebody else has changed it"), "\(run.text)")
    #expect(stage.document("a") == theirs)
    #expect(kept(run)?.contains(#""queue": "ours""#) == true)
    let gone = try edit(stage, "theirs", "ours", meanwhile: "REDIS DEL tasks:meta:a")
    #expect(gone.exit == .status(75) && !stage.exists("a"))
    #expect(kept(gone)?.contains(#""queue": "ours""#) == true)
  }

  @Test func aMistakeIsSaidAndTheTextIsKept() throws {
    let stage = try Stage()
    stage.set("a", text)
    let run = try edit(stage, "seconds", "secunds")
    #expect(run.exit == .status(65) && run.text.contains(#"interval.period "secunds""#), "\(run.text)")
    #expect(stage.document("a") == text)
    #expect(kept(run)?.contains("secunds") == true)
  }

  @Test func aBrokenDocumentIsMended() throws {
    let stage = try Stage()
    stage.set("a", text.replacing("\"queue\":", with: "\"queue\""))
    #expect(try edit(stage, "\"queue\"", "\"queue\":").exit == .status(0))
    #expect(stage.document("a") == text)
  }

  @Test func anEditorThatFailsStoresNothing() throws {
    let stage = try Stage()
    stage.set("a", text)
    let run = try stage.run("edit", "a", environment: ["VISUAL": "false", "EDITOR": "true"])
    #expect(run.exit == .status(1) && run.lines.count == 1 && stage.document("a") == text)
  }

  @Test func nobodyElseCanReadItMeanwhile() throws {
    let stage = try Stage()
    stage.set("a", text)
    let editor = #"look() { stat -c %a "$1" "$(dirname "$1")"; }; look"#
    let run = try stage.run("edit", "a", environment: ["EDITOR": editor])
    #expect(run.lines == ["600", "700", "unchanged a"])
  }
}

/// `beat-watch lint`
@Suite struct LintCommandTests {
  @Test func whatIsStored() throws {
    let stage = try Stage()
    stage.set("good", schedule("good"))
    #expect(try stage.run("lint").exit == .status(0))
    stage.set("typo", schedule("typo", #", "queu": "x""#))
    let warned = try stage.run("lint")
    #expect(warned.exit == .status(0) && warned.lines.count == 1)
    #expect(try stage.run("lint", "--strict").exit == .status(1))
    stage.set("bad", schedule("bad", every: "-1", #", "args": {}"#))
    stage.store("LPUSH", stage.key("list"), "x")
    let run = try stage.run("lint")
    #expect(run.exit == .status(1) && run.lines.count == 4, "\(run.text)")
    #expect(
      run.lines.first == "tasks:meta:bad: error: interval.every -1: -1 seconds is not positive, so it would run "
        + "without a pause; use a number above zero"
        || run.lines.first?.hasPrefix("tasks:meta:bad: error: interval.every -1") == true)
    guard case .array(let findings) = try stage.run("lint", "--json").json else { throw Failure("no array", 0) }
    #expect(
      findings.compactMap { $0["key"]?.text } == [
        "tasks:meta:bad", "tasks:meta:bad", "tasks:meta:list", "tasks:meta:typo",
      ])
  }

  /// A clocked schedule that has run is no failure, whether it is stored or in a file.
  @Test func oneThatHasRunIsNoted() throws {
    let stage = try Stage()
    let document = { (fields: String) in
      #"{"name": "a", "task": "t", "enabled": true, "clocked": {"clocked_time": "2026-01-01T00:00:00Z"}\#(fields)}"#
    }
    let ran = document(#", "last_run_at": "2026-01-01T00:00:00Z", "total_run_count": 1"#)
    stage.set("a", ran)
    let words = "note: clocked: has passed, and it has run: it does not run again"
    let run = try stage.run("lint", "--strict")
    #expect(run.exit == .status(0) && run.lines == ["tasks:meta:a: \(words)"], "\(run.text)")
    for text in [ran, document(#", "total_run_count": 1"#), document(#", "max_run_count": 1, "total_run_count": 1"#)] {
      let run = try stage.run("lint", "-", "--strict", input: text)
      #expect(run.exit == .status(0) && run.lines == ["-:1: \(words)"], "\(run.text)")
      #expect(try stage.run("next", "-", input: text).text.contains("never again"))
    }
    #expect(try stage.run("lint", "--json").json?.items?.first?["level"]?.text == "note")
    #expect(try stage.run("lint", "-", "--strict", input: document("")).exit == .status(1))
  }

  @Test func whatComesByAPipe() throws {
    let stage = try Stage()
    let lines = schedule("a") + "\n\n" + schedule("b", every: "0") + "\n{\"name\"\n"
    let run = try stage.run("lint", "-", input: lines)
    #expect(run.exit == .status(1) && run.lines.count == 2, "\(run.text)")
    #expect(run.lines.first?.hasPrefix("-:3: error: interval.every 0") == true)
    #expect(run.lines.last?.hasPrefix("-:4: error: ") == true)
    let pretty = try stage.run("lint", "-", input: "{\n  \"name\": \"a\",\n  \"enabled\": 1\n}\n")
    #expect(pretty.lines.contains { $0.hasPrefix("-:3: error: enabled 1") }, "\(pretty.text)")
  }

  /// Files are checked without a server.
  @Test func noServerIsNeededForFiles() throws {
    let run = try CommandRun(["lint", "-", "--store-url", "redis://127.0.0.1:1/0"], input: schedule("a") + "\n")
    #expect(run.exit == .status(0) && run.lines.isEmpty)
  }
}
