import BeatCore
import Glibc

/// How long it takes to find a schedule's next due time: the median, the 99th percentile and the worst of many instants
/// in the years 2026 to 2060.
@main struct NextDue {
  static let calls = 100_000

  static func main() throws {
    let newYork = try ZoneRules(name: "America/New_York", tzif: contents(of: "/usr/share/zoneinfo/America/New_York"))
    let common = [
      "* * * * *", "*/5 * * * *", "0 * * * *", "30 2 * * *", "0 9 * * mon-fri", "0 0 1 * *", "0 0 1 1 *",
      "15,45 8-18 * * 1-5",
    ]
    let rare = ["0 0 29 2 *", "0 0 29 2 mon", "0 0 31 12 fri"]
    print("next due, ns a call".padded(44), "median".leading(8), "p99".leading(8), "worst".leading(9))
    for zone in [ZoneRules.utc, newYork] {
      for line in common + rare {
        measure("\(line)  \(zone.name)", .crontab(try Crontab(line: line, zone: zone)))
      }
    }
    measure("every 5 minutes", .interval(try Interval(microseconds: 300_000_000)))
    measure(
      "every day, aligned  America/New_York", .interval(try Interval(microseconds: 86_400_000_000, alignedIn: newYork)))
  }

  private static func measure(_ name: String, _ schedule: Schedule) {
    let start = UnixTime(seconds: 1_767_225_600)  // 2026-01-01
    let step = Int64(34 * 365 * 86_400) * 1_000_000 / Int64(calls)
    var times: [UInt64] = []
    times.reserveCapacity(calls)
    var found = 0
    for call in 0..<calls {
      let after = start.advanced(by: Int64(call) * step)
      // The best of three measurements counts: other work of the machine is not the schedule's cost.
      var best = UInt64.max
      var due: UnixTime?
      for _ in 0..<3 {
        let began = now()
        due = schedule.nextDue(after: after, base: start)
        best = min(best, now() - began)
      }
      times.append(best)
      if due != nil { found += 1 }
    }
    times.sort()
    // Reading the clock twice is part of each figure.
    print(
      name.padded(44), "\(times[calls / 2])".leading(8), "\(times[calls * 99 / 100])".leading(8),
      "\(times[calls - 1])".leading(9), found == calls ? "" : "  \(calls - found) found none")
  }

  private static func now() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }

  private static func contents(of path: String) -> [UInt8] {
    guard let file = fopen(path, "rb") else { return [] }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    let count = fread(&bytes, 1, bytes.count, file)
    return Array(bytes.prefix(count))
  }
}

extension String {
  fileprivate func padded(_ width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
  fileprivate func leading(_ width: Int) -> String { String(repeating: " ", count: max(0, width - count)) + self }
}
