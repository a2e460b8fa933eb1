import BeatCore
import Glibc
import ReactiveBeat

/// An editor, its file, and the signals that come while it runs.
///
/// From before the file is made until `end()`, no signal ends the process and leaves the file behind. While an editor
/// runs, Ctrl-C and Ctrl-\ belong to it. SIGTERM and SIGHUP end the editor and then the process, and the file is
/// removed: no user is left who could read where it is.
final class EditorSession {
  let file: EditorFile
  private let loop: EventLoop
  private var sources: [SignalSource] = []
  private var editor: pid_t?
  /// The signal that ends the process at the session's end; nil: none has come.
  private var ending: Int32?
  /// Whether the editor is no longer waited for: it has not ended within `patience` of a signal, or a second signal has
  /// come.
  private var isGivenUp = false

  /// How long an editor may take to end after a signal, in microseconds.
  private static let patience: Int64 = 2_000_000

  init(_ bytes: [UInt8], name: EntryName) throws {
    loop = try EventLoop()
    var note: (Int32) -> Void = { _ in }
    for signal in [SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGCHLD] {
      sources.append(try SignalSource(on: loop, signal: signal) { note(signal) })
    }
    file = try EditorFile(bytes, name: name)
    note = { [unowned self] in self.note($0) }
  }

  private func note(_ signal: Int32) {
    defer { if loop.isRunning { loop.stop() } }
    let isOfTerminal = signal == SIGINT || signal == SIGQUIT
    if signal == SIGCHLD || isOfTerminal && editor != nil { return }
    // After a second signal the editor is not waited for.
    if ending != nil { isGivenUp = true }
    if !isOfTerminal || ending == nil { ending = signal }
    if let editor { kill(editor, signal) }
  }

  /// Runs the editor, and waits until it ends.
  func edit() throws {
    try goOn()
    let pid = try start()
    editor = pid
    defer { editor = nil }
    let patience = LoopTimer(on: loop) { [unowned self] in
      isGivenUp = true
      loop.stop()
    }
    var end: Int32 = 0
    while true {
      let ended = waitpid(pid, &end, WNOHANG)
      if ended == pid || ended < 0 && errno != EINTR { break }
      if isGivenUp { break }
      if ending != nil, !patience.isScheduled { patience.schedule(after: Self.patience) }
      loop.run()
    }
    editor = nil
    try goOn()
    guard end == 0 else { throw CommandError(.found, "the editor ended with an error: nothing was stored") }
  }

  private func start() throws -> pid_t {
    let editor = Setting.optional(nil, "VISUAL") ?? Setting.optional(nil, "EDITOR")
    // The shell runs the editor, since users write options into the variable.
    let words: [String] = ["sh", "-c", "\(editor ?? "vi") \"$1\"", "sh", file.path]
    var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
    defer { for argument in arguments { free(argument) } }
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // The event loop made this process ignore SIGPIPE. The editor must not inherit that.
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGPIPE)
    posix_spawnattr_setsigdefault(&attributes, &signals)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF))
    var pid: pid_t = 0
    let status = posix_spawnp(&pid, "sh", nil, &attributes, &arguments, environ)
    guard status == 0 else {
      throw CommandError(.unavailable, "the editor cannot be started: \(String(cString: strerror(status)))")
    }
    return pid
  }

  /// Throws if a signal has come.
  private func goOn() throws {
    loop.serveReady()
    guard isAbandoned || ending != nil else { return }
    throw CommandError(.found, "interrupted: nothing was stored")
  }

  /// Whether the user has gone: the signal was none of the terminal's.
  private var isAbandoned: Bool { ending == SIGTERM || ending == SIGHUP }

  /// Asks whether to edit again. The result is false if no user can be asked, or if a signal comes.
  func wantsAnother() -> Bool {
    loop.serveReady()
    guard Terminal.isInteractive, ending == nil else { return false }
    guard let input = try? InputSource(on: loop, descriptor: STDIN_FILENO, { [unowned self] in loop.stop() }) else {
      return false
    }
    defer { input.cancel() }
    return Terminal.confirm("Edit again? [Y/n] ", default: true) {
      loop.run()
      return ending == nil
    }
  }

  /// Says what happens to text that could not be stored. Text that the user can still fetch is kept.
  func whereabouts() -> String {
    loop.serveReady()
    if isAbandoned { return "your text is gone" }
    file.keep()
    return "your text is in \(file.path)"
  }

  /// Removes the file, unless it is kept. If a signal has come, the process ends by it.
  func end() {
    loop.serveReady()
    file.remove()
    guard let ending else { return }
    for source in sources { source.cancel() }
    _ = signal(ending, SIG_DFL)
    raise(ending)
  }
}
