import BeatCore
import Glibc
import ReactiveBeat

/// The view on a terminal, on its second screen: what was there before comes back at the end.
final class WatchBoard: WatchView {
  private let count: Int
  private var recent: [String] = []
  private var edits: [String] = []
  private var shown: [String] = []
  let counts = true

  init(count: Int) { self.count = count }

  func begin() { write("\u{1B}[?1049h\u{1B}[?25l\u{1B}[2J") }

  func end() { write("\u{1B}[?25h\u{1B}[?1049l") }

  func tell(_ event: WatchEvent, at time: UnixTime) {
    let clock = String(TimeText.stamp(time).dropFirst(11).prefix(12))
    switch event {
    case .watching: break
    case .fired(let run):
      let late = TimeText.span(run.late)
      let style: Style = run.late > 1_000_000 ? .yellow : .green
      let at = String(TimeText.stamp(run.firedAt).dropFirst(11).prefix(12))
      keep("  \(Style.faint(at))  \(run.name)  \(style(late + " late"))  \(run.reason.printable)", in: &recent)
    case .edited(_, let receipt):
      var style: Style = .green
      if case .rejected = receipt.standing { style = .red }
      keep("  \(Style.faint(clock))  \(style(WatchLines.text(event)))", in: &edits)
    default: keep("  \(Style.faint(clock))  \(WatchLines.text(event))", in: &edits)
    }
  }

  private func keep(_ line: String, in list: inout [String]) {
    list.insert(line, at: 0)
    if list.count > 100 { list.removeLast() }
  }

  func draw(_ state: WatchState, now: UnixTime) {
    let lines = Array(frame(state, now: now).prefix(Self.height - 1))
    guard lines != shown else { return }
    shown = lines
    write("\u{1B}[H" + lines.map { $0 + "\u{1B}[K\r\n" }.joined() + "\u{1B}[J")
  }

  private func frame(_ state: WatchState, now: UnixTime) -> [String] {
    let rejected = state.rows.values.count { $0.isRejected }
    var head = "\(Style.bold("beat-watch"))  \(state.url)  \(state.prefix)  \(state.rows.count) schedules"
    if rejected > 0 { head += ", " + Style.red("\(rejected) of them rejected") }
    var lines = [head + "  " + Style.faint(TimeWords.short(now)), Self.leader(state, now: now), ""]
    var coming = state.rows.values.compactMap { row in row.next.map { (row, $0) } }
    coming.sort { ($0.1.sent, $0.0.name.description) < ($1.1.sent, $1.0.name.description) }
    var table = Table([
      .init(title: "IN", isNumeric: true), .init(title: "DUE (UTC)"), .init(title: "NAME", narrowest: 12),
      .init(title: "SCHEDULE", narrowest: 12), .init(title: "TASK", narrowest: 8),
    ])
    for (row, next) in coming.prefix(count) {
      let seconds = next.sent.microseconds(since: now)
      table.add([
        (
          seconds <= 0 ? "now" : Self.countdown(seconds),
          seconds < -5_000_000 ? .red : seconds < 10_000_000 ? .cyan : nil
        ),
        (TimeWords.short(next.due), nil), ("\(row.name)", .bold), (row.schedule, nil), (row.task.printable, nil),
      ])
    }
    lines += table.lines(width: StandardOutput.width)
    if coming.isEmpty { lines.append("  nothing is due") }
    // What is left of the screen is shared by both lists.
    let room = max(4, Self.height - lines.count - 6)
    lines += ["", Style.bold("FIRED")] + recent.prefix(max(2, room * 2 / 3))
    lines += ["", Style.bold("HEARD")] + edits.prefix(max(2, room / 3))
    return lines
  }

  private static func leader(_ state: WatchState, now: UnixTime) -> String {
    if let loss = state.loss { return Style.red("disconnected: \(loss.printable)") }
    guard let fleet = state.fleet else { return "" }
    guard let firing = fleet.firing.first else {
      return Style.red(HealthWords.alarm(FiringHealth(fleet, now: now), now: now) ?? "")
    }
    let place = firing.place
    let health = FiringHealth(fleet, overdue: state.overdue(now), lastRun: state.lastRun, now: now)
    if let alarm = HealthWords.alarm(health, now: now) {
      return Style.red("\(place) leads, and \(alarm)".printable)
    }
    return "fired by \(Style.green(place.printable)), \(fleet.alive.count - 1) standing by"
  }

  /// `12 s`, `4:05`, `3:04:05`, `2 d 03:04`.
  static func countdown(_ microseconds: Int64) -> String {
    func two(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }
    let seconds = (microseconds + 999_999) / 1_000_000
    if seconds < 60 { return "\(seconds) s" }
    if seconds < 3600 { return "\(seconds / 60):\(two(seconds % 60))" }
    if seconds < 86_400 { return "\(seconds / 3600):\(two(seconds / 60 % 60)):\(two(seconds % 60))" }
    return "\(seconds / 86_400) d \(two(seconds / 3600 % 24)):\(two(seconds / 60 % 60))"
  }

  private static var height: Int {
    var size = winsize()
    guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_row > 4 else { return 24 }
    return Int(size.ws_row)
  }

  private func write(_ text: String) {
    var output = StandardOutput()
    output.put(bytes: Array(text.utf8))
    output.flush()
  }
}
