import BeatCore
import ReactiveBeat

/// The view on a terminal, which is redrawn as things change.
final class WatchBoard: WatchView {
  private let count: Int
  private let screen = WatchScreen()
  private var recent: [WatchFrame.Fired] = []
  private var heard: [WatchFrame.Heard] = []
  let counts = true

  /// How many events of each kind are kept. No terminal has more rows for them.
  private static let kept = 200

  init(count: Int) { self.count = count }

  var hasKeys: Bool { screen.hasKeys }
  func begin() { screen.open() }
  func end() { screen.close() }

  func tell(_ event: WatchEvent, at time: UnixTime) {
    switch event {
    case .watching: break
    case .fired(let run):
      recent.insert(.init(at: run.firedAt, name: run.name, late: run.late, reason: run.reason), at: 0)
      if recent.count > Self.kept { recent.removeLast() }
    case .edited(let name, let receipt):
      // The outcome comes first, since a long name may leave no room behind it.
      switch receipt.verdict {
      case .accepted(let next): hear("accepted \(name): next \(next?.iso8601 ?? "never")", .green, at: time)
      case .rejected(let reason): hear("rejected \(name): \(reason.printable)", .red, at: time)
      }
    default: hear(WatchLines.text(event), nil, at: time)
    }
  }

  private func hear(_ text: String, _ style: Style?, at time: UnixTime) {
    heard.insert(.init(at: time, text: text, style: style), at: 0)
    if heard.count > Self.kept { heard.removeLast() }
  }

  func draw(_ state: WatchState, now: UnixTime) {
    let size = TerminalSize.current
    let frame = WatchFrame(
      state: state, leader: Self.leader(state, now: now), recent: recent, heard: heard, count: count,
      hasKeys: screen.hasKeys,
      now: now)
    screen.show(frame.lines(size), size: size)
  }

  private static func leader(_ state: WatchState, now: UnixTime) -> String {
    if let loss = state.loss { return Style.red("disconnected: \(loss.printable)") }
    guard let fleet = state.fleet else { return "" }
    guard let firing = fleet.firing.first else {
      return Style.red(HealthWords.alarm(FiringHealth(fleet, now: now), now: now, state.url.terms) ?? "")
    }
    let place = firing.place
    let health = FiringHealth(fleet, overdue: state.overdue(now), lastRun: state.lastRun, now: now)
    if let alarm = HealthWords.alarm(health, now: now, state.url.terms) {
      return Style.red("\(place) leads, and \(alarm)".printable)
    }
    return "fired by \(Style.green(place.printable)), \(fleet.alive.count - 1) standing by"
  }
}
