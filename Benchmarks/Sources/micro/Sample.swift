import BeatCore
import Glibc

enum Sample {
  static let start = UnixTime(seconds: 1_772_452_800)
  static let digest: TaskID.SHA1 = { Array($0.prefix(20)) + Array(repeating: 0, count: max(0, 20 - $0.count)) }
  static let context = DocumentContext(defaultZone: .utc) { _ throws(ZoneError) in .utc }

  static func document(interval: Bool) -> [UInt8] {
    let when =
      interval
      ? #""interval": {"every": 1, "period": "seconds"}"#
      : #""crontab": {"minute": "*/5", "hour": "8-18", "day_of_week": "mon-fri"}"#
    return Array(
      """
      {"name": "bench", "task": "proj.tasks.bench", "enabled": true, \(when), "args": [1, "two", 3.0], \
      "kwargs": {"region": "north", "revision": 7}, "queue": "bench", \
      "last_run_at": "2026-03-02T11:59:59.000000Z", "total_run_count": 41}
      """.utf8)
  }

  static func contents(of path: String) -> [UInt8] {
    guard let file = fopen(path, "rb") else { return [] }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    let count = fread(&bytes, 1, bytes.count, file)
    return Array(bytes.prefix(count))
  }
}
