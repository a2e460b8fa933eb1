import Glibc
import Testing

@testable import BeatCore
@testable import ReactiveBeat

/// What `edit` and `rm` ask a user at a terminal, and what follows from the answers.
@Suite struct QuestionTests {
  private let stage: Stage
  private let terminal: PseudoTerminal
  private let text = schedule("a", #", "queue": "old""#)

  init() throws {
    stage = try Stage()
    terminal = try PseudoTerminal()
    stage.set("a", text)
  }

  /// `edit` with an editor that makes a mistake the first time, and corrects it and changes a field the second time.
  private func clumsyEditor(meanwhile: String = "true") throws -> ChildProcess {
    let edited = stage.server.folder + "/edited"
    let redis = "redis-cli -s \(stage.server.socketPath) -n 1"
    let editor =
      "edit() { if [ -e \(edited) ]; then sed -i 's|secunds|seconds|; s|old|new|' \"$1\"; rm \(edited); "
      + "else sed -i 's|seconds|secunds|' \"$1\"; touch \(edited); fi; "
      + "\(meanwhile.replacing("REDIS", with: redis)) >/dev/null; }; edit"
    return try stage.start("edit", "a", at: terminal, environment: ["EDITOR": editor, "TMPDIR": stage.server.folder])
  }

  /// The number of files that `edit` has left.
  private func kept() -> Int {
    guard let folder = opendir(stage.server.folder) else { return -1 }
    defer { closedir(folder) }
    var count = 0
    while let entry = readdir(folder) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      if name.hasPrefix("beat-watch-") { count += 1 }
    }
    return count
  }

  private func removeKept() throws { _ = try CommandRun(["-rf"] + paths(), program: ["/bin/rm"]) }

  private func paths() -> [String] {
    terminal.text.split(whereSeparator: \.isWhitespace).map(String.init).filter { $0.hasPrefix(stage.server.folder) }
      .map { $0.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 } }
  }

  /// Return alone means yes.
  @Test(arguments: ["\n", "y\n", "YES\n"])
  func aMistakeIsEditedAgain(_ answer: String) throws {
    let edit = try clumsyEditor()
    #expect(terminal.shows("Edit again? [Y/n] "), "\(terminal.text)")
    #expect(stage.document("a") == text && edit.exit == nil)
    terminal.type(answer)
    #expect(edit.wait() == .status(0), "\(terminal.text)")
    #expect(terminal.text.contains(#"interval.period "secunds""#) && terminal.shows("changed a: every hour"))
    #expect(stage.document("a") == text.replacing("old", with: "new"))
    #expect(kept() == 0)
  }

  /// Any other answer, and the end of input, means no: the text is kept in a file.
  @Test(arguments: ["n\n", "later\n", "\u{4}"])
  func aMistakeThatIsNotEditedAgainIsKept(_ answer: String) throws {
    let edit = try clumsyEditor()
    #expect(terminal.shows("Edit again? [Y/n] "), "\(terminal.text)")
    terminal.type(answer)
    #expect(edit.wait() == .status(65), "\(terminal.text)")
    #expect(terminal.shows("nothing was stored; your text is in \(stage.server.folder)/beat-watch-"))
    #expect(stage.document("a") == text && kept() == 1)
    try removeKept()
    #expect(kept() == 0)
  }

  /// Another client's edit is no mistake that editing again would correct.
  @Test func aConflictIsNotAsked() throws {
    let theirs = text.replacing("old", with: "theirs")
    let edit = try clumsyEditor(meanwhile: "REDIS SET tasks:meta:a '\(theirs)'")
    #expect(terminal.shows("Edit again? [Y/n] "), "\(terminal.text)")
    terminal.type("y\n")
    #expect(edit.wait() == .status(75), "\(terminal.text)")
    #expect(terminal.shows("somebody else has changed it meanwhile"))
    #expect(terminal.text.split(separator: "Edit again?").count == 2)
    #expect(stage.document("a") == theirs)
    try removeKept()
  }

  // MARK: rm

  @Test func whatIsDeletedIsShownBefore() throws {
    stage.set("b", schedule("b"))
    let rm = try stage.start("rm", "*", at: terminal)
    #expect(terminal.shows("  a\r\n  b\r\nDelete these 2 schedules? [y/N] "), "\(terminal.text)")
    #expect(stage.exists("a"))
    terminal.type("y\n")
    #expect(rm.wait() == .status(0))
    #expect(terminal.shows("deleted b") && !stage.exists("a") && !stage.exists("b"))
  }

  /// Return alone means no.
  @Test(arguments: ["\n", "n\n", "\u{4}"])
  func whatIsNotConfirmedStays(_ answer: String) throws {
    let rm = try stage.start("rm", "a", at: terminal)
    #expect(terminal.shows("Delete it? [y/N] "), "\(terminal.text)")
    terminal.type(answer)
    #expect(rm.wait() == .status(1))
    #expect(stage.document("a") == text)
  }

  @Test func whatIsChangedWhileSomebodyThinksStays() throws {
    let rm = try stage.start("rm", "a", at: terminal)
    #expect(terminal.shows("Delete it? [y/N] "), "\(terminal.text)")
    let theirs = text.replacing("old", with: "theirs")
    stage.set("a", theirs)
    terminal.type("y\n")
    #expect(rm.wait() == .status(75))
    #expect(terminal.shows("somebody else has changed it meanwhile; it was not deleted"))
    #expect(stage.document("a") == theirs)
  }
}
