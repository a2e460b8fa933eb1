import Glibc

/// Runs a program to its end, and returns what it has written. Throws if its status is not 0.
///
/// - Parameters:
///   - what: names the program in the error.
///   - input: its standard input, at most 64 KiB, which its stream takes at once.
func output(of command: [String], what: String, input: String = "") throws -> String {
  let (given, taken) = (try Pipe(), try Pipe())
  let bytes = Array(input.utf8)
  guard bytes.count <= 65536, write(given.writing, bytes, bytes.count) == bytes.count else {
    throw Failure("\(what): its input is too long", 0)
  }
  given.closeWriting()
  let pid = try spawn(command, input: given.reading, output: taken.writing)
  taken.closeWriting()
  var text: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: 1 << 16)
  while case let count = read(taken.reading, &buffer, buffer.count), count > 0 { text += buffer[..<count] }
  var status: Int32 = 0
  waitpid(pid, &status, 0)
  let words = String(decoding: text, as: UTF8.self)
  guard status == 0 else { throw Failure("\(what) has failed: \(words)", 0) }
  return words
}

/// A stream that no other child inherits.
private final class Pipe {
  let reading: Int32
  private(set) var writing: Int32

  init() throws {
    var ends: [Int32] = [-1, -1]
    // Close-on-exec must hold from the first moment, which a pipe made in Swift cannot have.
    guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
      throw Failure("socketpair", errno)
    }
    (reading, writing) = (ends[0], ends[1])
  }

  deinit {
    close(reading)
    closeWriting()
  }

  func closeWriting() {
    if writing >= 0 { close(writing) }
    writing = -1
  }
}
