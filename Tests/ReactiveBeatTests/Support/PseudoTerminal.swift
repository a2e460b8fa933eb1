import Glibc

/// A terminal that a test reads and writes: it reads what a program prints, and writes what a user would type.
final class PseudoTerminal {
  private let person: Int32
  /// The program's end, for its three streams. It stays open here, too, so that the last output can still be read.
  let program: Int32
  private var bytes: [UInt8] = []

  init(rows: Int = 40, columns: Int = 120) throws {
    // Swift's Glibc has no posix_openpt and the like. These are the requests behind them: TIOCSPTLCK and TIOCGPTN.
    person = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
    var (locked, number): (Int32, Int32) = (0, -1)
    guard person >= 0, ioctl(person, 0x4004_5431, &locked) == 0, ioctl(person, 0x8004_5430, &number) == 0 else {
      throw Failure("open /dev/ptmx", errno)
    }
    program = open("/dev/pts/\(number)", O_RDWR | O_NOCTTY | O_CLOEXEC)
    guard program >= 0 else { throw Failure("open /dev/pts/\(number)", errno) }
    resize(rows: rows, columns: columns)
    // Reads must not wait.
    _ = fcntl(person, F_SETFL, O_NONBLOCK)
  }

  deinit {
    close(program)
    close(person)
  }

  /// The program gets no SIGWINCH, since it has another controlling terminal.
  func resize(rows: Int, columns: Int) {
    var size = winsize(ws_row: UInt16(rows), ws_col: UInt16(columns), ws_xpixel: 0, ws_ypixel: 0)
    _ = ioctl(program, UInt(TIOCSWINSZ), &size)
  }

  /// The terminal's settings, such as whether it echoes and collects lines.
  var modes: UInt32 {
    var settings = termios()
    tcgetattr(program, &settings)
    return settings.c_lflag
  }

  func type(_ text: String) {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty { rest = rest.dropFirst(max(0, write(person, Array(rest), rest.count))) }
  }

  /// All that was shown so far, including what was typed.
  var text: String {
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = read(person, &chunk, chunk.count)
      guard count > 0 else { break }
      bytes += chunk[..<count]
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  func shows(_ text: String) -> Bool { eventually { self.text.contains(text) } }
}
