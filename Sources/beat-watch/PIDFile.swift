import ArgumentParser
import Glibc

/// A file that holds this process' id while it runs, for init scripts and for those who knew celery beat's `--pidfile`.
///
/// A file that a killed process has left is replaced: it must not keep the next one from starting.
struct PIDFile {
  let path: String

  /// Writes the file. Throws: another process that lives has written it, or it cannot be written.
  init(at path: String) throws {
    self.path = path
    if let other = Self.process(in: path), other != getpid(), kill(other, 0) == 0 || errno == EPERM {
      throw CommandError(
        .exists, "--pidfile \(path): process \(other) runs, which has written it; end that one, or name another file")
    }
    let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard file >= 0 else { throw Self.failure(path) }
    defer { close(file) }
    let text = Array("\(getpid())\n".utf8)
    guard write(file, text, text.count) == text.count else { throw Self.failure(path) }
  }

  /// Removes the file, unless another process has written it since.
  func remove() { if Self.process(in: path) == getpid() { unlink(path) } }

  private static func process(in path: String) -> pid_t? {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    // An id has ten digits at most.
    var bytes = [UInt8](repeating: 0, count: 32)
    let count = read(file, &bytes, bytes.count)
    guard count > 0 else { return nil }
    let digits = bytes[..<count].prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    return pid_t(String(decoding: digits, as: UTF8.self)).flatMap { $0 > 0 ? $0 : nil }
  }

  private static func failure(_ path: String) -> CommandError {
    CommandError(.output, "--pidfile \(path): \(String(cString: strerror(errno)))")
  }
}
