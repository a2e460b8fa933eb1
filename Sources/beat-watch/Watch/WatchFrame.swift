import BeatCore
import ReactiveBeat

/// What `watch` shows at one moment, in lines that fit the terminal.
struct WatchFrame {
  let state: WatchState
  /// Which daemon fires, or why none does.
  let leader: String
  /// The recent fires, the newest first.
  let recent: [Fired]
  let heard: [Heard]
  /// How many of the next runs the user wants to see.
  let count: Int
  let hasKeys: Bool
  let now: UnixTime

  struct Fired {
    let at: UnixTime
    let name: EntryName
    /// How late the run was fired, in microseconds.
    let late: Int64
    let reason: String
  }

  struct Heard {
    let at: UnixTime
    let text: String
    let style: Style?
  }

  func lines(_ size: TerminalSize) -> [String] {
    let layout = WatchLayout(rows: size.rows, schedules: state.rows.count, most: count)
    guard let layout else { return tooSmall(size) }
    let width = size.columns
    let space = layout.isAiry ? [""] : []
    var lines = [header(width), Cut.end(leader, to: width)] + space
    lines += filled(coming(layout.next, width), to: layout.next + 1)
    lines += space + [title("FIRED", width)] + filled(fired(layout.fired, width), to: layout.fired)
    lines += space + [title("HEARD", width)] + filled(heard(layout.heard, width), to: layout.heard)
    return lines + [Cut.end(Style.faint("\(ending) ends it"), to: width)]
  }

  private var ending: String { hasKeys ? "q" : "Ctrl-C" }

  private func tooSmall(_ size: TerminalSize) -> [String] {
    let text = "watch needs \(WatchLayout.leastRows) rows, and this terminal has \(size.rows). \(ending) ends it."
    return Array(Wrapping.lines(text, width: size.columns).prefix(size.rows))
  }

  private func filled(_ lines: [String], to count: Int) -> [String] {
    lines.prefix(count) + Array(repeating: "", count: max(0, count - lines.count))
  }

  private func title(_ text: String, _ width: Int) -> String { Cut.end(Style.bold(text), to: width) }

  /// The header's row. The time and the counts stand at the right, and the watched place takes what room is left.
  private func header(_ width: Int) -> String {
    let rejected = state.rows.values.count { $0.isRejected }
    let counts =
      Plural.of(state.rows.count, "schedule") + (rejected > 0 ? ", " + Style.red("\(rejected) rejected") : "")
    let clock = TimeWords.short(now)
    let right = counts + "  " + Style.faint(width < 80 ? String(clock.dropFirst(11)) : clock)
    let room = width - DisplayWidth.of(right) - 2
    let place = "  \(state.url)  \(state.prefix)"
    guard room >= 10 else { return Cut.end(right, to: width) }
    let left = Style.bold("beat-watch") + (room > 16 ? Cut.middle(place, to: room - 10) : "")
    return left + "  " + right
  }

  private func coming(_ rows: Int, _ width: Int) -> [String] {
    var coming = state.rows.values.compactMap { row in row.next.map { (row, $0) } }
    coming.sort { ($0.1.sent, $0.0.name.description) < ($1.1.sent, $1.0.name.description) }
    var table = Table([
      .init(title: "IN", isNumeric: true, width: 8), .init(title: "DUE (UTC)", spare: 1),
      .init(title: "NAME", isName: true), .init(title: "SCHEDULE", narrowest: 12, spare: 2),
      .init(title: "TASK", narrowest: 8, spare: 3),
    ])
    for (row, next) in coming.prefix(rows) {
      let seconds = next.sent.microseconds(since: now)
      table.add([
        (
          seconds <= 0 ? "now" : Self.countdown(seconds),
          seconds < -5_000_000 ? .red : seconds < 10_000_000 ? .cyan : nil
        ),
        (TimeWords.short(next.due), nil), ("\(row.name)", .bold), (row.schedule, nil),
        (row.task.beginning(Limit.quotationLength.most).printable, nil),
      ])
    }
    return table.lines(width: width) + (coming.isEmpty ? [Cut.end("  nothing is due", to: width)] : [])
  }

  private func fired(_ rows: Int, _ width: Int) -> [String] {
    var table = Table(
      [
        .init(title: ""), .init(title: "", isName: true), .init(title: "", isNumeric: true, spare: 1),
        .init(title: "", narrowest: 9, spare: 2),
      ], hasTitles: false)
    for run in recent.prefix(rows) {
      table.add([
        ("  " + Self.clock(run.at), .faint), ("\(run.name)", nil),
        (TimeText.span(run.late) + " late", run.late > 1_000_000 ? .yellow : .green), (run.reason.printable, nil),
      ])
    }
    return table.lines(width: width)
  }

  private func heard(_ rows: Int, _ width: Int) -> [String] {
    heard.prefix(rows).map { news in
      Cut.end("  \(Style.faint(Self.clock(news.at)))  \(news.style?(news.text) ?? news.text)", to: width)
    }
  }

  private static func clock(_ time: UnixTime) -> String { String(TimeText.stamp(time).dropFirst(11).prefix(12)) }

  /// The time left: `12 s`, `4:05`, `3:04:05`, `2 d 03:04`.
  static func countdown(_ microseconds: Int64) -> String {
    func two(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }
    let seconds = (microseconds + 999_999) / 1_000_000
    if seconds < 60 { return "\(seconds) s" }
    if seconds < 3600 { return "\(seconds / 60):\(two(seconds % 60))" }
    if seconds < 86_400 { return "\(seconds / 3600):\(two(seconds / 60 % 60)):\(two(seconds % 60))" }
    return "\(seconds / 86_400) d \(two(seconds / 3600 % 24)):\(two(seconds / 60 % 60))"
  }
}
