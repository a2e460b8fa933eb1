import Glibc
import Testing

@testable import BeatCore
@testable import ReactiveBeat

/// The file that the editor edits holds a document, which may have secrets: it is deleted, however the editing ends.
@Suite struct EditorSignalTests {
  /// A stage with a folder for the file, and an editor that writes down its process.
  private final class Desk {
    let stage: Stage
    let folder: String
    var process: ChildProcess?
    private var terminal: PseudoTerminal?

    init() throws {
      stage = try Stage()
      stage.set("a", schedule("a", #", "queue": "old""#))
      folder = "/tmp/reactivebeat-test-edit-\(getpid())-\(UInt64.random(in: 0 ... .max))"
      guard mkdir(folder, 0o700) == 0, mkdir("\(folder)/tmp", 0o700) == 0 else { throw Failure("mkdir", errno) }
    }

    deinit {
      process = nil
      _ = try? CommandRun(["-rf", folder], program: ["/bin/rm"])
    }

    /// - Parameter commands: what the editor does; `$1` is the file. `$DESK/pid` has its process as soon as it has
    /// begun.
    func edit(_ commands: String, at terminal: PseudoTerminal? = nil) throws {
      let screen = try terminal ?? PseudoTerminal()
      self.terminal = screen
      process = try stage.start(
        "edit", "a", at: screen,
        environment: [
          "TMPDIR": "\(folder)/tmp", "DESK": folder,
          "EDITOR": "begin() { echo $$ >\"$DESK/p\"; mv \"$DESK/p\" \"$DESK/pid\"; \(commands); }; begin",
        ])
    }

    /// The editor's process; waits until it has begun.
    func editor() throws -> pid_t {
      guard eventually(within: 20, { access("\(folder)/pid", F_OK) == 0 }), let file = fopen("\(folder)/pid", "r")
      else {
        throw Failure("the editor has not begun", 0)
      }
      defer { fclose(file) }
      var line = [CChar](repeating: 0, count: 32)
      guard fgets(&line, 32, file) != nil else { throw Failure("no process", 0) }
      return pid_t(atoi(line))
    }

    /// The files that are left in the folder: the document's, and those that the editor made beside it.
    var left: [String] { ((try? CommandRun(["-A", "\(folder)/tmp"], program: ["/bin/ls"]))?.lines) ?? ["?"] }
  }

  @Test(arguments: [SIGTERM, SIGHUP]) func theProcessIsEnded(_ signal: Int32) throws {
    let desk = try Desk()
    try desk.edit("exec sleep 100")
    let editor = try desk.editor()
    #expect(desk.left.count == 1)
    desk.process?.send(signal)
    #expect(desk.process?.wait() == .signal(signal) && desk.left.isEmpty)
    #expect(eventually { kill(editor, 0) != 0 }, "the editor goes on")
    #expect(desk.stage.document("a") == schedule("a", #", "queue": "old""#))
  }

  /// Editors save their text when they are ended: that file is deleted, too.
  @Test func whatTheEditorSavesAtItsEndGoes() throws {
    let desk = try Desk()
    try desk.edit(
      #"trap 'cp "$1" "$1.save"; exit 1' TERM; mkdir "$(dirname "$1")/more"; : >"$(dirname "$1")/more/x"; while :; do sleep 0.05; done"#
    )
    _ = try desk.editor()
    desk.process?.send(SIGTERM)
    #expect(desk.process?.wait() == .signal(SIGTERM) && desk.left.isEmpty)
  }

  /// `edit` waits for the editor for two seconds at most, and not at all after a second signal.
  @Test func anEditorThatDoesNotEndIsNotWaitedFor() throws {
    let desk = try Desk()
    try desk.edit("trap '' TERM HUP; while :; do sleep 0.1; done")
    let editor = try desk.editor()
    defer { kill(editor, SIGKILL) }
    desk.process?.send(SIGTERM)
    #expect(desk.process?.wait() == .signal(SIGTERM) && desk.left.isEmpty)
  }

  /// Ctrl-C and Ctrl-\ reach all processes at the terminal, and are meant for the editor.
  @Test(arguments: [SIGINT, SIGQUIT]) func ctrlCIsTheEditors(_ signal: Int32) throws {
    let desk = try Desk()
    try desk.edit("trap '' INT QUIT; while [ ! -e \"$DESK/go\" ]; do sleep 0.05; done; sed -i s/old/new/ \"$1\"")
    _ = try desk.editor()
    desk.process?.send(signal)
    #expect(mkdir("\(desk.folder)/go", 0o700) == 0)
    #expect(desk.process?.wait() == .status(0) && desk.left.isEmpty)
    #expect(desk.stage.document("a") == schedule("a", #", "queue": "new""#))
  }

  @Test func theEditorIsKilled() throws {
    let desk = try Desk()
    try desk.edit(#"sed -i s/old/new/ "$1"; cp "$1" "$1~"; exec sleep 100"#)
    let editor = try desk.editor()
    kill(editor, SIGKILL)
    #expect(desk.process?.wait() == .status(1) && desk.left.isEmpty)
    #expect(desk.stage.document("a") == schedule("a", #", "queue": "old""#))
  }

  /// A copy that the editor makes is as secret as the file, and is deleted with it.
  @Test func copiesGoWithTheFile() throws {
    let desk = try Desk()
    try desk.edit(#"cp "$1" "$1~"; ln -s /etc/passwd "$(dirname "$1")/link"; sed -i s/old/new/ "$1""#)
    #expect(desk.process?.wait() == .status(0) && desk.left.isEmpty)
    #expect(desk.stage.document("a") == schedule("a", #", "queue": "new""#))
  }

  /// At the question after a mistake, a user who types Ctrl-C can read where the text is kept.
  @Test(arguments: [SIGINT, SIGTERM, SIGHUP]) func atTheQuestion(_ signal: Int32) throws {
    let desk = try Desk()
    let terminal = try PseudoTerminal()
    try desk.edit("sed -i s/seconds/secunds/ \"$1\"", at: terminal)
    #expect(terminal.shows("Edit again?"))
    desk.process?.send(signal)
    #expect(desk.process?.wait() == .signal(signal), "\(terminal.text)")
    #expect(desk.left.isEmpty == (signal != SIGINT) && terminal.text.contains("your text is in") == (signal == SIGINT))
  }

  @Test func theQuestionIsAnswered() throws {
    let desk = try Desk()
    let terminal = try PseudoTerminal()
    try desk.edit(
      "if grep -q secunds \"$1\"; then sed -i s/secunds/seconds/ \"$1\"; else sed -i s/seconds/secunds/ \"$1\"; fi",
      at: terminal)
    #expect(terminal.shows("Edit again?"))
    terminal.type("\n")
    #expect(desk.process?.wait() == .status(0) && desk.left.isEmpty, "\(terminal.text)")
  }

  /// A file's name can be less long than a schedule's.
  @Test func aLongNameIsEdited() throws {
    let stage = try Stage()
    let name = String(repeating: "n", count: 300)
    stage.set(name, schedule("a", #", "queue": "old""#))
    let run = try stage.run("edit", name, environment: ["EDITOR": "sed -i s/old/new/"])
    #expect(run.exit == .status(0) && stage.document(name) == schedule("a", #", "queue": "new""#), "\(run.text)")
  }
}
