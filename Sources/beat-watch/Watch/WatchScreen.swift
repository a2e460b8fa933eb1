import Glibc
import Synchronization

/// The terminal's second screen, with keys that are read as they are pressed. The first screen comes back at the end,
/// however the process ends, except by SIGKILL.
final class WatchScreen {
  /// Whether keys can be read.
  let hasKeys = isatty(STDIN_FILENO) == 1
  private var shown: (size: TerminalSize, lines: [String])?

  private static let start = "\u{1B}[?1049h\u{1B}[?25l\u{1B}[2J"
  private static let finish: StaticString = "\u{1B}[?25h\u{1B}[?1049l"
  private static let isOpen = Atomic<Bool>(false)
  /// The terminal's former settings. They are written before `isOpen` is set, and read only afterwards.
  nonisolated(unsafe) private static var settings: termios?

  /// Signals that end the process before any other code of it runs: faults, and signals that no loop handles.
  private static let fatal = [SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE, SIGABRT, SIGQUIT]

  func open() {
    if hasKeys {
      var settings = termios()
      if tcgetattr(STDIN_FILENO, &settings) == 0 {
        Self.settings = settings
        // Ctrl-C and the like stay signals.
        settings.c_lflag &= ~tcflag_t(ICANON | ECHO)
        tcsetattr(STDIN_FILENO, TCSADRAIN, &settings)
      }
    }
    write(Self.start)
    shown = nil
    Self.isOpen.store(true, ordering: .releasing)
    Self.safeguard
  }

  /// Restores the terminal at each of the process' ends. It is installed once for the process.
  private static let safeguard: Void = {
    atexit { WatchScreen.restore() }
    for number in fatal {
      var action = sigaction()
      action.__sigaction_handler.sa_handler = { number in
        WatchScreen.restore()
        raise(number)
      }
      // The handler is reset, so that the signal ends the process when it is raised again.
      action.sa_flags = Int32(bitPattern: UInt32(SA_RESETHAND)) | SA_NODEFER
      sigaction(number, &action, nil)
    }
  }()

  func close() { Self.restore() }

  /// Restores the terminal. It calls only what a signal handler may call.
  private static func restore() {
    guard isOpen.exchange(false, ordering: .acquiringAndReleasing) else { return }
    _ = Glibc.write(STDOUT_FILENO, finish.utf8Start, finish.utf8CodeUnitCount)
    if var settings { tcsetattr(STDIN_FILENO, TCSANOW, &settings) }
  }

  /// Shows lines from the top of the screen. Only lines that have changed are written.
  ///
  /// - Parameter lines: no line is longer than the terminal, and there are no more lines than rows.
  func show(_ lines: [String], size: TerminalSize) {
    var text = ""
    let old = shown?.size == size ? shown?.lines : nil
    if old == nil { text += "\u{1B}[2J" }
    let before = old ?? []
    for index in 0..<max(lines.count, before.count) {
      let line = index < lines.count ? lines[index] : ""
      if line == (index < before.count ? before[index] : "") { continue }
      // The row is emptied before it is written: behind a line that fills its row, the cursor is on the row's last
      // character.
      text += "\u{1B}[\(index + 1);1H\u{1B}[2K" + line
    }
    shown = (size, lines)
    if !text.isEmpty { write(text) }
  }

  private func write(_ text: String) {
    var output = StandardOutput()
    output.put(bytes: Array(text.utf8))
    output.flush()
  }
}
