import Glibc
import Testing

@testable import BeatCore
@testable import ReactiveBeat
@testable import beat_watch

/// What `watch` shows at one moment, on terminals of several sizes.
@Suite struct WatchFrameTests {
  private static let now = UnixTime(seconds: 1_795_000_000)
  private static let long = "nightly-report-of-the-finance-department-for-europe-and-asia"

  /// A dozen schedules with long, wide or joined names, and more news than any of the screens has rows for.
  private func frame(schedules: Int = 12, count: Int = 20) throws -> WatchFrame {
    let names = [Self.long, "日報-東京", "👨‍👩‍👧‍👦-family", "Zu\u{308}rich"] + (4..<max(4, schedules)).map { "tenant-\($0)-sync" }
    var state = WatchState(url: try StoreAddress("redis://localhost:6379/1"), prefix: EntryName("tasks:meta:"))
    for (index, name) in names.prefix(schedules).enumerated() {
      let due = Self.now.advanced(by: Int64(index * index) * 7_000_000 + 3_000_000)
      state.rows[EntryName(name)] = .init(
        name: EntryName(name), task: "reports.build.everything", schedule: "every 5 minutes",
        next: .init(due: due, sent: due),
        isRejected: index == 5)
    }
    let recent = (0..<40).map { index in
      WatchFrame.Fired(
        at: Self.now.advanced(by: -Int64(index) * 1_250_000), name: EntryName(names[index % names.count]),
        late: index == 2 ? 2_400_000 : 213, reason: index == 2 ? "catch-up" : "schedule")
    }
    let heard = (0..<40).map { index in
      WatchFrame.Heard(
        at: Self.now.advanced(by: -Int64(index) * 3_000_000),
        text: index == 1
          ? "rejected \(Self.long): interval.period \"minuts\": expected one of weeks, days, hours, minutes"
          : "accepted \(names[index % names.count]): next 2026-11-18T09:46:43Z", style: nil)
    }
    return WatchFrame(
      state: state, leader: "fired by beat-1, process 4711, 1 standing by", recent: recent, heard: heard, count: count,
      hasKeys: true, now: Self.now)
  }

  private static let sizes = [(14, 80), (24, 80), (40, 120)]

  @Test(arguments: sizes) func asItIsKept(_ rows: Int, _ columns: Int) throws {
    let lines = try frame().lines(TerminalSize(rows: rows, columns: columns))
    let picture = TerminalPicture(lines.joined(separator: "\r\n"), rows: rows, columns: columns).lines
    let path = ProjectFolder.tests("CommandLine/Screens/watch-\(columns)x\(rows).txt")
    let kept = try text(path).split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
    #expect(picture == kept, "\(path) should be:\n\(picture.joined(separator: "\n"))\n")
  }

  private func text(_ path: String) throws -> String {
    guard let file = fopen(path, "re") else { return "" }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while case let count = fread(&chunk, 1, chunk.count, file), count > 0 { bytes += chunk[..<count] }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// From fourteen rows on each part has room, and the frame fills the screen to its last row, and no further.
  @Test func everySize() throws {
    for rows in 1...60 {
      for columns in [20, 40, 60, 80, 100, 120, 200] {
        let lines = try frame(schedules: rows % 15).lines(TerminalSize(rows: rows, columns: columns))
        for line in lines { #expect(DisplayWidth.of(line) <= columns, "\(line)") }
        guard rows >= 14 else {
          #expect(lines.count <= rows)
          #expect(columns < 60 || lines.joined(separator: " ").contains("needs 14 rows"))
          continue
        }
        #expect(lines.count == rows && lines.last == "q ends it")
        #expect(lines[1].hasPrefix("fired by"))
        let places = ["FIRED", "HEARD"].compactMap { lines.firstIndex(of: $0) }
        try #require(places.count == 2)
        #expect(places[0] >= 5 && places[1] - places[0] > 2 && rows - places[1] > 3, "\(lines)")
      }
    }
  }

  /// The parts keep their rows when something happens.
  @Test func nothingMoves() throws {
    let size = TerminalSize(rows: 24, columns: 80)
    let busy = try frame()
    let idle = WatchFrame(
      state: busy.state, leader: "", recent: [], heard: [], count: 20, hasKeys: false, now: busy.now)
    let places = [busy, idle].map { frame in
      let lines = frame.lines(size)
      return ["FIRED", "HEARD"].map { lines.firstIndex(of: $0) }
    }
    #expect(places[0] == places[1])
    #expect(idle.lines(size).last == "Ctrl-C ends it")
  }

  /// The header is one row, however long the URL is.
  @Test func theHeaderIsOneRow() throws {
    var state = WatchState(
      url: try StoreAddress("redis://a-very-long-host-name.with-a-domain.of-a-cloud.example.org:6379/1"),
      prefix: EntryName("a-prefix-that-is-long:"))
    state.rows = try frame().state.rows
    for columns in [40, 60, 80, 120] {
      let frame = WatchFrame(state: state, leader: "", recent: [], heard: [], count: 20, hasKeys: true, now: Self.now)
      let header = frame.lines(TerminalSize(rows: 24, columns: columns))[0]
      #expect(DisplayWidth.of(header) <= columns && header.contains("12 schedules, 1 rejected"), "\(header)")
    }
  }
}
