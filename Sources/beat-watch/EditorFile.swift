import ArgumentParser
import BeatCore
import Glibc

/// A text in a file of its own while an editor uses it. Only this user may read the file, and it is removed afterwards.
final class EditorFile {
  let path: String
  private let folder: String
  private var isKept = false

  init(_ bytes: [UInt8], name: EntryName) throws {
    let parent = Setting.optional(nil, "TMPDIR") ?? "/tmp"
    var template = Array("\(parent)/beat-watch-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw Self.failure(parent) }
    folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    // The suffix tells editors the language. A name that is too long for a file name, or not plain, becomes `schedule`.
    let isPlain = name.bytes.allSatisfy {
      (0x30...0x39).contains($0) || (0x41...0x5A).contains($0 & 0xDF) || $0 == 0x2D
    }
    path = "\(folder)/\(isPlain && (1...100).contains(name.bytes.count) ? "\(name)" : "schedule").json"
    // Editors end the last line. Without a line end here already, that would look like a change.
    try write(bytes + [UInt8(ascii: "\n")])
  }

  deinit { remove() }

  private func write(_ bytes: [UInt8]) throws {
    let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw Self.failure(path) }
    defer { close(file) }
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
      guard count > 0 || errno == EINTR else { throw Self.failure(path) }
      rest = rest.dropFirst(max(0, count))
    }
  }

  /// Lets the file stay when the process ends.
  func keep() { isKept = true }

  /// Removes the file with whatever the editor has left beside it: copies, and what an editor saves when it is killed.
  func remove() {
    guard !isKept else { return }
    Self.removeAll(in: folder)
    rmdir(folder)
  }

  private static func removeAll(in folder: String) {
    guard let entries = opendir(folder) else { return }
    defer { closedir(entries) }
    while let entry = readdir(entries) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      guard name != ".", name != ".." else { continue }
      // A link is removed, and never followed.
      if unlink("\(folder)/\(name)") != 0, entry.pointee.d_type == UInt8(DT_DIR) {
        removeAll(in: "\(folder)/\(name)")
        rmdir("\(folder)/\(name)")
      }
    }
  }

  /// The file's present text, without the line end that was added.
  func read() throws -> [UInt8] {
    var bytes = try InputFile.read(path)
    if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
    return bytes
  }

  private static func failure(_ path: String) -> CommandError {
    CommandError(.output, "\(path): \(String(cString: strerror(errno)))")
  }
}
