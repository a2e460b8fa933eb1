import ArgumentParser
import BeatCore
import Glibc

/// Reads documents that a user hands over: a file, or standard input.
enum InputFile {
  /// Whether an argument means a file, although it may also be a schedule's name: a file of that name exists, or the
  /// argument is written as a path.
  static func isMeant(by name: String) -> Bool {
    if name == "-" || ["/", "./", "../"].contains(where: name.hasPrefix) { return true }
    var status = stat()
    return stat(name, &status) == 0 && status.st_mode & S_IFMT != S_IFDIR
  }

  /// Does what an argument means that is no file: it is a schedule's name. An error says both.
  static func orSchedule<Result>(_ name: String, _ work: () throws -> Result) throws -> Result {
    do { return try work() } catch let error as StoreError {
      throw CommandError(
        error.exitStatus, "there is no file \(Cut.argument(name)), and as a schedule's name: \(error)")
    } catch let error as CommandError where error.status == .missing {
      throw CommandError(.missing, "there is no file \(Cut.argument(name)), and \(error.description)")
    }
  }

  /// Whether there is a folder of that name.
  static func isFolder(_ name: String) -> Bool {
    var status = stat()
    return stat(name, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// Reads a whole file. Throws one line that names the file and the reason.
  static func read(_ name: String) throws -> [UInt8] {
    let file = name == "-" ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw ValidationError("\(name): \(String(cString: strerror(errno)))") }
    defer { if file != STDIN_FILENO { close(file) } }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = Glibc.read(file, &chunk, chunk.count)
      guard count >= 0 else { throw ValidationError("\(name): \(String(cString: strerror(errno)))") }
      guard count > 0 else { return bytes }
      bytes += chunk[..<count]
    }
  }

  /// The documents in a text: one if the whole text is one JSON object, else one for each line. An empty text is one
  /// empty document, which cannot be used.
  static func documents(in bytes: [UInt8]) -> [ArraySlice<UInt8>] {
    var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    if lines.count > 1, lines.last?.isEmpty == true { lines.removeLast() }
    return lines.count > 1 && JSONObject.isOne(bytes) ? [bytes[...]] : lines
  }
}
