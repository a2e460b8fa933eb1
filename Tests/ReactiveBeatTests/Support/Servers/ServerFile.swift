import Glibc

/// Files of a private server, which its user alone can read, and the tools of the project around it.
enum ServerFile {
  static func read(_ path: String) throws -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw Failure("open \(path)", errno) }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    let count = Glibc.read(descriptor, &bytes, bytes.count)
    return Array(bytes.prefix(max(0, count)))
  }

  static func write(_ bytes: [UInt8], to path: String) throws {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw Failure("open \(path)", errno) }
    defer { close(descriptor) }
    guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count else { throw Failure("write \(path)", errno) }
  }

  /// A program of a Python environment that `scripts/setup --test` has made.
  static func tool(_ name: String, of environment: String) -> String {
    // The file is found by several paths, all of them below Tests.
    let parts = #filePath.split(separator: "/")
    let root = parts.prefix(parts.lastIndex(of: "Tests") ?? 0).reduce("") { $0 + "/" + $1 }
    return "\(root)/.deps/venv/\(environment)/bin/\(name)"
  }
}
