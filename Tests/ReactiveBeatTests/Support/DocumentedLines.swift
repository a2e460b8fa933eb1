import Glibc

/// The commands that docs/operations.md shows for pasting, as a test runs them.
enum DocumentedLines {
  static func text(_ path: String = "docs/operations.md") throws -> String {
    let descriptor = open("\(ProjectFolder.root)/\(path)", O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw Failure("open \(path)", errno) }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while case let count = read(descriptor, &chunk, chunk.count), count > 0 { bytes += chunk[..<count] }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The words of each `redis-cli ACL SETUSER`, in order, without `redis-cli`.
  static func users(_ text: String) -> [[String]] {
    let joined = text.replacing("\\\n", with: " ")
    return joined.split(separator: "\n").filter { $0.hasPrefix("redis-cli ACL SETUSER") }.map { line in
      line.split(separator: " ").dropFirst().map { word in
        word.replacing("\\|", with: "|").trimming("'")
      }
    }
  }

  /// The code blocks of a language, in order.
  static func blocks(_ language: String, in text: String) -> [String] {
    text.split(separator: "```\(language)\n").dropFirst().compactMap { part in
      part.firstRange(of: "\n```").map { String(part[..<$0.lowerBound]) }
    }
  }
}

extension Substring {
  fileprivate func trimming(_ quote: Character) -> String {
    count > 1 && first == quote && last == quote ? String(dropFirst().dropLast()) : String(self)
  }
}

extension String {
  fileprivate func trimming(_ quote: Character) -> String { self[...].trimming(quote) }
}
