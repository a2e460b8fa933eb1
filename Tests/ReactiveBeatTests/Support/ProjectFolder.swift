import Glibc

/// The places of the project's own files, for tests that start programs.
enum ProjectFolder {
  /// The package's folder, without a slash at its end.
  static let root: String = {
    // .../Tests/ReactiveBeatTests/Support/ProjectFolder.swift
    #filePath.split(separator: "/").dropLast(4).reduce("") { $0 + "/" + $1 }
  }()

  /// A file of this test target, such as `EndToEnd/Apps`.
  static func tests(_ path: String) -> String { root + "/Tests/ReactiveBeatTests/" + path }

  /// The executable `beat-watch` that was built together with these tests and lies beside their bundle.
  static func beatWatch() throws -> String {
    var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
    let count = readlink("/proc/self/exe", &buffer, buffer.count)
    let bundle = String(decoding: buffer.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let folder = bundle.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 }
    for candidate in ["\(folder)/beat-watch", "\(root)/.build/debug/beat-watch"] where access(candidate, X_OK) == 0 {
      return candidate
    }
    throw Failure("there is no beat-watch in \(folder): build it first (swift build)", 0)
  }

  /// The Python of a Celery version that `scripts/setup --test` has installed.
  static func python(celery version: String) throws -> String { try python(environment: "celery-\(version)") }

  /// The Python of an environment that `scripts/setup --test` has made.
  static func python(environment name: String) throws -> String {
    let path = "\(root)/.deps/venv/\(name)/bin/python"
    guard access(path, X_OK) == 0 else {
      throw Failure("there is no Python environment \(name) (\(path)): run scripts/setup --test", 0)
    }
    return path
  }
}
