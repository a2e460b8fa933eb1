import ArgumentParser
import BeatCore
import Glibc

/// A text in a file of its own while an editor has it: for this user's eyes only, and gone afterwards.
final class EditorFile {
  let path: String
  private let folder: String
  private var isKept = false

  init(_ bytes: [UInt8], name: EntryName) throws {
    let parent = Setting.optional(nil, "TMPDIR") ?? "/tmp"
    var template = Array("\(parent)/beat-watch-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw Self.failure(parent) }
    folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    // The ending tells editors what it is.
    let isPlain = name.bytes.allSatisfy {
      (0x30...0x39).contains($0) || (0x41...0x5A).contains($0 & 0xDF) || $0 == 0x2D
    }
    path = "\(folder)/\(isPlain && !name.bytes.isEmpty ? "\(name)" : "schedule").json"
    let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw Self.failure(path) }
    defer { close(file) }
    // Editors end the last line; without an end of its own here, that would be a change.
    var rest = (bytes + [UInt8(ascii: "\n")])[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
      guard count > 0 || errno == EINTR else { throw Self.failure(path) }
      rest = rest.dropFirst(max(0, count))
    }
  }

  deinit {
    guard !isKept else { return }
    unlink(path)
    rmdir(folder)
  }

  /// It stays when the process ends.
  func keep() { isKept = true }

  /// Runs the editor, and waits for its end.
  func edit() throws {
    let editor = Setting.optional(nil, "VISUAL") ?? Setting.optional(nil, "EDITOR")
    // By the shell, since people write options into the variable.
    let words: [String] = ["sh", "-c", "\(editor ?? "vi") \"$1\"", "sh", path]
    var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
    defer { for argument in arguments { free(argument) } }
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // The loop has made this process ignore SIGPIPE, which the editor would inherit.
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
    // An interrupt at the terminal is the editor's.
    let interrupt = signal(SIGINT, SIG_IGN)
    defer { _ = signal(SIGINT, interrupt) }
    var end: Int32 = 0
    while waitpid(pid, &end, 0) < 0, errno == EINTR {}
    guard end == 0 else { throw CommandError(.found, "the editor ended with an error: nothing was stored") }
  }

  /// What stands there now, without the line end that was added.
  func read() throws -> [UInt8] {
    var bytes = try InputFile.read(path)
    if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
    return bytes
  }

  private static func failure(_ path: String) -> CommandError {
    CommandError(.output, "\(path): \(String(cString: strerror(errno)))")
  }
}
