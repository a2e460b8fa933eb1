import Glibc

/// An interactive shell at a terminal, with the completion of beat-watch, in a folder of its own.
final class TypingShell {
  enum Kind: String, CaseIterable { case bash, zsh, fish }

  let folder: String
  /// Keeps the server alive as long as the shell.
  private let stage: Stage
  private let terminal: PseudoTerminal
  private let process: ChildProcess
  private let kind: Kind
  private var asked = 0

  /// Throws, and says what to install, if the machine lacks the shell.
  init(_ kind: Kind, _ stage: Stage) throws {
    self.kind = kind
    self.stage = stage
    let shell: String
    do { shell = try commandPath(kind.rawValue) } catch {
      throw Failure("the shell \(kind) is not installed: run scripts/setup --test", 0)
    }
    folder = "/tmp/reactivebeat-test-shell-\(getpid())-\(UInt64.random(in: 0 ... .max))"
    guard mkdir(folder, 0o700) == 0 else { throw Failure("mkdir \(folder)", errno) }
    let program = try ProjectFolder.beatWatch()
    let script = try CommandRun(["--generate-completion-script", kind.rawValue])
    guard let file = fopen("\(folder)/completion", "w") else { throw Failure("\(folder)/completion", errno) }
    fputs(script.text + "\n", file)
    fclose(file)
    terminal = try PseudoTerminal(columns: 200)
    let path = program.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 } + ":/usr/bin:/bin"
    let variables = stage.environment().merging([
      "PATH": path, "HOME": folder, "XDG_CONFIG_HOME": folder, "XDG_DATA_HOME": folder, "TERM": "xterm",
      "LANG": "C.UTF-8",
    ]) { $1 }
    let options: [Kind: [String]] = [
      .bash: ["--norc", "--noprofile", "-i"], .zsh: ["-f", "-i"], .fish: ["--no-config", "-i"],
    ]
    // The shell controls its terminal, as a user's shell does.
    process = try ChildProcess(
      [
        commandPath("setsid"), "--ctty", "--wait", "/bin/sh", "-c", "cd \"$1\" && shift && exec \"$@\"", "sh", folder,
        shell,
      ]
        + (options[kind] ?? []),
      environment: variables, output: terminal.program, input: terminal.program)
    let load: [Kind: String] = [
      .bash: "source completion", .zsh: "autoload -Uz compinit && compinit -D -u && source ./completion",
      .fish: "source completion",
    ]
    terminal.type("\(load[kind] ?? ""); echo rea''dy\n")
    guard eventually(within: 30, { terminal.text.contains("ready") }) else {
      throw Failure("\(kind) is not ready: \(terminal.text)", 0)
    }
  }

  deinit {
    terminal.type("\u{3}\u{15}exit\n")
    _ = process.wait(within: 5)
    _ = try? CommandRun(["-rf", folder], program: ["/bin/rm"])
  }

  /// The words of a line after a tab key at its end; nil if the shell does not come back.
  func words(afterTab line: String) -> [String]? {
    asked += 1
    let before = terminal.text.utf8.count
    terminal.type(line + "\t")
    // Output in between does not matter: the shell reads the next key when it has handled this one.
    terminal.type("\u{1}printf '<%s>' \u{5} e''nd-\(asked)\n")
    guard eventually(within: 20, { terminal.text.contains("<end-\(asked)>") }) else { return nil }
    let shown = String(decoding: terminal.text.utf8.dropFirst(before), as: UTF8.self)
    guard let end = shown.ranges(of: "<end-\(asked)>").first,
      let start = shown[..<end.lowerBound].ranges(of: "<beat-watch>").last
    else { return nil }
    return shown[start.upperBound..<end.lowerBound].split(separator: "><").map {
      String($0.drop { $0 == "<" }.prefix { $0 != ">" })
    }
  }

  func exists(_ name: String) -> Bool { access("\(folder)/\(name)", F_OK) == 0 }
  func makeFolder(_ name: String) { mkdir("\(folder)/\(name)", 0o700) }
  var text: String { terminal.text }
}
