import Glibc
import Synchronization

/// The terminal's second screen, with keys that come as they are pressed. What was there before comes back at the end,
/// whichever way the process ends, except by SIGKILL.
final class WatchScreen {
  /// Whether keys can be read.
  let hasKeys = isatty(STDIN_FILENO) == 1
  private var shown: (size: TerminalSize, lines: [String])?

  private static let start = "\u{1B}[?1049h\u{1B}[?25l\u{1B}[2J"
  private static let finish: StaticString = "\u{1B}[?25h\u{1B}[?1049l"
  private static let isOpen = Atomic<Bool>(false)
  /// The terminal's settings before; written before `isOpen` is set, and read only after.
  nonisolated(unsafe) private static var settings: termios?

  /// Ends of a process that run nothing else of it: a fault, or a signal that no loop serves.
  private static let fatal = [SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE, SIGABRT, SIGQUIT]

  func open() {
    if hasKeys {
      var settings = termios()
      if tcgetattr(STDIN_FILENO, &settings) == 0 {
        Self.settings = settings
        // Ctrl-C and its like stay signals.
        settings.c_lflag &= ~tcflag_t(ICANON | ECHO)
        tcsetattr(STDIN_FILENO, TCSADRAIN, &settings)
      }
    }
    write(Self.start)
    shown = nil
    Self.isOpen.store(true, ordering: .releasing)
    Self.safeguard
  }

  /// Restores it at each end; once for the process.
  private static let safeguard: Void = {
    atexit { WatchScreen.restore() }
    for number in fatal {
      var action = sigaction()
      action.__sigaction_handler.sa_handler = { number in
        WatchScreen.restore()
        raise(number)
      }
      // The second time it ends the process.
      action.sa_flags = Int32(bitPattern: UInt32(SA_RESETHAND)) | SA_NODEFER
      sigaction(number, &action, nil)
    }
  }()

  func close() { Self.restore() }

  /// Calls nothing that a signal handler may not.
  private static func restore() {
    guard isOpen.exchange(false, ordering: .acquiringAndReleasing) else { return }
    _ = Glibc.write(STDOUT_FILENO, finish.utf8Start, finish.utf8CodeUnitCount)
    if var settings { tcsetattr(STDIN_FILENO, TCSANOW, &settings) }
  }

  /// Puts lines on the screen, from its top; only those that have changed are written.
  ///
  /// - Parameter lines: none is longer than the terminal, and there are not more of them.
  func show(_ lines: [String], size: TerminalSize) {
    var text = ""
    let old = shown?.size == size ? shown?.lines : nil
    if old == nil { text += "\u{1B}[2J" }
    let before = old ?? []
    for index in 0..<max(lines.count, before.count) {
      let line = index < lines.count ? lines[index] : ""
      if line == (index < before.count ? before[index] : "") { continue }
      // First empty, then full: behind a line that fills its row the cursor stands on its last character.
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
