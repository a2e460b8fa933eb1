import Glibc
import Testing

@testable import BeatCore
@testable import ReactiveBeat

/// Documents that no application writes do no harm to the daemon and to its other schedules.
@Suite struct HostileDocumentTests {
  private static func interval(_ every: String) -> String { schedule("n", every: every) }
  private static func with(_ more: String) -> String { schedule("n", every: "3600", ", " + more) }
  private static func crontab(_ fields: String) -> String {
    #"{"name": "n", "task": "t", "enabled": true, "crontab": {\#(fields)}}"#
  }

  /// Each of these documents is set aside, and reported.
  static let unusable: [String: String] = [
    "empty": "", "blank": "  \n", "text": "hello", "null": "null", "array": "[]", "number": "1e400",
    "cut": #"{"name": "#,
    "bom": "\u{FEFF}" + schedule("n"), "nul": schedule("n") + "\0", "two": schedule("n") + schedule("n"),
    "every 0": interval("0"), "every -1": interval("-1"), "every -0.0": interval("-0.0"),
    "every 1e-9": interval("1e-9"),
    "every 1e308": interval("1e308"), "every 1e400": interval("1e400"), "every NaN": interval("NaN"),
    "every 99999999999999999999": interval("99999999999999999999"), "every text": interval(#""x""#),
    "*/0": crontab(#""minute": "*/0""#), "0-99999999": crontab(#""minute": "0-99999999""#),
    "1/99999999999999999999": crontab(#""minute": "1/99999999999999999999""#), "60": crontab(#""minute": "60""#),
    "February 30": crontab(#""day_of_month": "30", "month_of_year": "2""#),
    "day 367": crontab(#""day_of_year": "367""#),
    "no such zone": crontab(#""minute": "*"}, "timezone": "Mars/Olympus", "x": {"#),
    "zone with dots": crontab(#""minute": "*"}, "timezone": "../../../etc/passwd", "x": {"#),
    "nested": with(#""args": \#(String(repeating: "[", count: 100_000))\#(String(repeating: "]", count: 100_000))"#),
    "nested and open": with(#""args": \#(String(repeating: #"{"a":"#, count: 100_000))"#),
    "last run in no year": with(#""last_run_at": "99999-01-01T00:00:00Z""#),
  ]

  /// Each of these documents may be used or set aside; in either case the other schedules go on.
  static let strange: [String: String] = [
    "surrogates": with(#""args": ["\ud800", "\udfff\ud800"]"#), "1e400 in args": with(#""args": [1e400, -1e400, NaN]"#),
    "duplicate names": with(#""task": "one", "task": "two", "enabled": true, "enabled": true"#),
    "every 1e17": interval("1e17"), "every 9e15": interval("9007199254740993"),
    "year 1": with(#""last_run_at": "0001-01-01T00:00:00Z""#),
    "year 9999": with(#""last_run_at": "9999-12-31T23:59:59Z""#),
    "2038": with(#""start_after": "2038-01-19T03:14:08Z""#), "2262": with(#""start_after": "2262-04-11T23:47:17Z""#),
    "leap second": with(#""last_run_at": "2016-12-31T23:59:60Z""#), "negative": with(#""last_run_at": -1e18"#),
    "far": with(#""last_run_at": {"$date": {"$numberLong": "9223372036854775807"}}"#),
    "near": with(#""last_run_at": {"$date": {"$numberLong": "-9223372036854775808"}}"#),
    "long field": crontab(#""minute": "\#(String(repeating: "1,", count: 50_000))1""#),
    "huge count": with(#""total_run_count": 9223372036854775807"#),
    "negative count": with(#""total_run_count": -9223372036854775808"#),
    "huge limits": with(#""max_run_count": 1e308, "catchup_window": 1e308, "jitter": 1e308, "priority": 1e308"#),
    "February 29": crontab(#""day_of_month": "29", "month_of_year": "2""#),
    "one weekday of February 29":
      crontab(#""day_of_month": "29", "month_of_year": "2", "day_of_week": "1""#),
    "long ago": #"{"name": "n", "task": "t", "enabled": true, "crontab": {"minute": "*"}, "catchup": "all", "#
      + #""last_run_at": "0001-01-01T00:00:00Z"}"#,
  ]

  private func processorTime(_ daemon: Daemon) throws -> Int64 {
    guard let file = fopen("/proc/\(daemon.pid)/schedstat", "re") else { throw Failure("schedstat", errno) }
    defer { fclose(file) }
    var nanoseconds: Int64 = 0
    guard withUnsafeMutablePointer(to: &nanoseconds, { withVaList([$0]) { vfscanf(file, "%ld", $0) } }) == 1 else {
      throw Failure("schedstat", 0)
    }
    return nanoseconds
  }

  /// A document is read in two ways: by the load at the start, and after an edit.
  @Test(arguments: [true, false]) func corpus(atStart: Bool) throws {
    let stage = try Stage()
    func put() {
      for (name, text) in Self.unusable.merging(Self.strange, uniquingKeysWith: { $1 }) {
        stage.set(name, text)
      }
    }
    if atStart { put() }
    let daemon = try stage.daemon()
    if !atStart { put() }
    for name in Self.unusable.keys { try daemon.wait(for: "rejected", key: "\(EntryName(stage.key(name)))") }
    stage.set("good", schedule("good", every: "0.1", #", "catchup": "all""#))
    #expect(stage.fires(["good"], 10))
    // The documents' bytes are untouched, and no number or date keeps the processor busy.
    for (name, text) in Self.unusable { #expect(stage.document(name) == text, "\(name)") }
    stage.store("DEL", stage.key("good"), stage.key("long ago"))
    try daemon.wait(for: "removed", key: stage.key("long ago"))
    let (before, start) = (try processorTime(daemon), MonotonicTime.now())
    #expect(eventually { MonotonicTime.now().microseconds(since: start) > 1_000_000 })
    #expect(try processorTime(daemon) - before < 300_000_000)
    #expect(try daemon.peakMemory() < 100 << 20)
    #expect(try daemon.stop() == .status(0))
  }

  /// Good documents with random damage to their bytes.
  @Test func randomDamage() throws {
    let stage = try Stage()
    let daemon = try stage.daemon()
    stage.set("good", schedule("good", every: "0.1", #", "catchup": "all""#))
    var random = SystemRandomNumberGenerator()
    for number in 0..<2000 {
      var bytes = Array(schedule("n\(number)", every: "3600", #", "args": [1, "a"], "last_run_at": "2020-01-01""#).utf8)
      for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
        let place = Int.random(in: bytes.indices, using: &random)
        switch Int.random(in: 0...2, using: &random) {
        case 0: bytes[place] = UInt8.random(in: 0 ... .max, using: &random)
        case 1: bytes.remove(at: place)
        default: bytes.insert(bytes[place], at: place)
        }
      }
      stage.store.call([Array("SET".utf8), Array(stage.key("n\(number % 50)").utf8), bytes])
    }
    stage.set("last", schedule("last", atOnce))
    try daemon.wait(for: "fired", key: stage.key("last"))
    #expect(stage.fires(["good"], 3))
    #expect(try daemon.stop() == .status(0))
    #expect(daemon.otherLines.isEmpty)
  }

  /// A value of 512 MB, and twenty of 10 MB: the daemon asks for their lengths, and does not read them.
  @Test func hugeValues() throws {
    let stage = try Stage()
    let daemon = try stage.daemon()
    stage.set("good", schedule("good", every: "0.1", #", "catchup": "all""#))
    #expect(stage.fires(["good"], 2))
    #expect(stage.store("SETRANGE", stage.key("huge"), "536870911", "x")?.integer == 536_870_912)
    let line = try daemon.wait(for: "rejected", key: stage.key("huge"))
    #expect(line.reason.contains("536870912"))
    for number in 0..<20 { stage.store("SETRANGE", stage.key("large\(number)"), "10485759", "x") }
    for number in 0..<20 { try daemon.wait(for: "rejected", key: stage.key("large\(number)")) }
    #expect(stage.fires(["good"], 2))
    #expect(try daemon.peakMemory() < 64 << 20)
    // The same happens at a start.
    try daemon.stop()
    let next = try stage.daemon()
    #expect(next.logged("rejected").count == 21)
    #expect(try next.peakMemory() < 64 << 20)
    stage.set("huge", schedule("huge", atOnce))
    try next.wait(for: "fired", key: stage.key("huge"))
  }
}
