import Glibc
import Testing

@testable import BeatCore

/// Shared by the tests of schedules: zones of the system, seeded random numbers, and the Python oracles.
enum TimeTesting {
  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  // MARK: Files

  static let zoneFolder = "/usr/share/zoneinfo"

  static func bytes(ofFile path: String) throws -> [UInt8] {
    guard let file = fopen(path, "rb") else { throw Failure(description: "\(path): cannot be read") }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = fread(&chunk, 1, chunk.count, file)
      guard count > 0 else { return bytes }
      bytes += chunk[..<count]
    }
  }

  /// A zone of the system.
  static func zone(_ name: String) throws -> ZoneRules {
    if name == "UTC" { return .utc }
    return try ZoneRules(name: name, tzif: bytes(ofFile: "\(zoneFolder)/\(name)"))
  }

  /// The names of all zones of the default tree. `posix` and `right` repeat it, the latter with leap seconds.
  static func zoneNames() -> [String] {
    var names: [String] = []
    var folders = [""]
    while let folder = folders.popLast() {
      guard let directory = opendir("\(zoneFolder)/\(folder)") else { continue }
      defer { closedir(directory) }
      while let entry = readdir(directory) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
          pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        guard !name.hasPrefix("."), folder + name != "posix", folder + name != "right" else { continue }
        var status = stat()
        guard stat("\(zoneFolder)/\(folder)\(name)", &status) == 0 else { continue }
        if status.st_mode & S_IFMT == S_IFDIR {
          folders.append("\(folder)\(name)/")
        } else if let content = try? bytes(ofFile: "\(zoneFolder)/\(folder)\(name)"), content.starts(with: "TZif".utf8)
        {
          names.append(folder + name)
        }
      }
    }
    return names.sorted()
  }

  // MARK: Python

  /// Found from any test target that has this file by a link.
  private static let packageRoot: String = {
    let path = #filePath.split(separator: "/", omittingEmptySubsequences: false)
    return path[..<(path.lastIndex(of: "Tests") ?? 0)].joined(separator: "/")
  }()

  static var celeryPython: String { "\(packageRoot)/.deps/venv/celery-5.7/bin/python" }

  /// A Python of version 3.9 or later: the test environment's, or else the system's.
  static var anyPython: String { access(celeryPython, X_OK) == 0 ? celeryPython : "python3" }

  /// Runs a script of `Oracles` over the requests, in two processes, and returns its answers, one for each request.
  static func ask(_ script: String, python: String, requests: [String]) throws -> [String] {
    let folder = try temporaryFolder()
    defer { for name in ["0.in", "0.out", "1.in", "1.out", ""] { remove("\(folder)/\(name)") } }
    let half = (requests.count + 1) / 2
    let parts = [requests[..<half], requests[half...]]
    var processes: [UnsafeMutablePointer<FILE>] = []
    for (index, part) in parts.enumerated() {
      try write(part.map { $0 + "\n" }.joined(), to: "\(folder)/\(index).in")
      let command =
        "'\(python)' '\(packageRoot)/Tests/BeatCoreTests/Schedules/Oracles/\(script)' < '\(folder)/\(index).in' > '\(folder)/\(index).out'"
      guard let process = popen(command, "r") else { throw Failure(description: "\(script) cannot be started") }
      processes.append(process)
    }
    let codes = processes.map { pclose($0) }
    guard codes == [0, 0] else {
      throw Failure(description: "\(script) failed with \(python); `scripts/setup --test` makes the environment")
    }
    var answers: [String] = []
    for (index, part) in parts.enumerated() where !part.isEmpty {
      let text = String(decoding: try bytes(ofFile: "\(folder)/\(index).out"), as: UTF8.self)
      answers += text.split(separator: "\n", omittingEmptySubsequences: false).prefix(part.count).map(String.init)
    }
    guard answers.count == requests.count else { throw Failure(description: "\(script) left requests unanswered") }
    return answers
  }

  private static func temporaryFolder() throws -> String {
    var template = Array("/tmp/reactivebeat-oracle-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw Failure(description: "no temporary folder") }
    return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  private static func write(_ text: String, to path: String) throws {
    guard let file = fopen(path, "wb") else { throw Failure(description: "\(path): cannot be written") }
    defer { fclose(file) }
    let bytes = Array(text.utf8)
    guard fwrite(bytes, 1, bytes.count, file) == bytes.count else {
      throw Failure(description: "\(path): cannot be written")
    }
  }

  /// A JSON string.
  static func json(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": result += "\\\(scalar)"
      case _ where scalar.value < 0x20:
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }

  /// The number of random crontabs that are compared with Celery.
  static func differentialCases(default number: Int) -> Int {
    guard let value = getenv("REACTIVEBEAT_DIFFERENTIAL_CASES") else { return number }
    return Int(String(cString: value)) ?? number
  }
}

extension String {
  fileprivate func replacingSuffix(_ suffix: String, with other: String) -> String {
    hasSuffix(suffix) ? String(dropLast(suffix.count)) + other : self
  }
}
