import BeatCore
import ReactiveBeat

/// The view as lines: one line for each event.
final class WatchLines: WatchView {
  private let asJSON: Bool
  let counts = false
  let hasKeys = false

  init(asJSON: Bool) { self.asJSON = asJSON }

  func begin() {}
  func draw(_ state: WatchState, now: UnixTime) {}
  func end() {}

  func tell(_ event: WatchEvent, at time: UnixTime) {
    var output = StandardOutput()
    output.put(asJSON ? Self.object(event, at: time).line : "\(TimeText.stamp(time))  \(Self.text(event))")
    output.flush()
  }

  /// An event's words for users, without its time.
  static func text(_ event: WatchEvent) -> String {
    let text =
      switch event {
      case .watching(let count): "watching \(Plural.of(count, "schedule"))"
      case .fired(let run):
        "fired \(run.name), \(TimeText.span(run.late)) late (\(run.reason)), task \(run.taskID)"
      case .edited(let name, let receipt):
        switch receipt.verdict {
        case .accepted(let next): "edited \(name): accepted, next \(next?.iso8601 ?? "never")"
        case .rejected(let reason): "edited \(name): rejected: \(reason)"
        }
      case .unheard(let name): "edited \(name): no daemon has heard of it"
      case .removed(let name): "removed \(name)"
      case .leading(let member):
        "leading: " + (member.record.map { "\($0.host), process \($0.processID)" } ?? member.instance)
      case .nobody(let reason): "nobody fires: \(reason)"
      case .disconnected(let reason): "disconnected: \(reason)"
      case .reconnected: "reconnected"
      }
    return text.printable
  }

  private static func object(_ event: WatchEvent, at time: UnixTime) -> JSONOutput {
    let (word, members) = Self.members(event)
    let moment: [(String, JSONOutput)] = [("event", .text(word))]
    if case .fired = event { return .object(moment + members) }
    return .object(moment + [("at", .text(time.iso8601))] + members)
  }

  private static func members(_ event: WatchEvent) -> (word: String, members: [(String, JSONOutput)]) {
    switch event {
    case .watching(let count): ("watching", [("schedules", .integer(Int64(count)))])
    case .fired(let run): ("fired", HistoryCommand.members(run))
    case .edited(let name, let receipt):
      switch receipt.verdict {
      case .accepted(let next):
        ("edited", [("name", .text("\(name)")), ("state", .text("accepted")), ("next", .text(next?.iso8601))])
      case .rejected(let reason):
        ("edited", [("name", .text("\(name)")), ("state", .text("rejected")), ("reason", .text(reason))])
      }
    case .unheard(let name): ("edited", [("name", .text("\(name)")), ("state", .text("unheard"))])
    case .removed(let name): ("removed", [("name", .text("\(name)"))])
    case .leading(let member):
      (
        "leading",
        [
          ("instance", .text(member.instance)), ("host", .text(member.record?.host)),
          ("pid", member.record.map { .integer(Int64($0.processID)) } ?? .null),
        ]
      )
    case .nobody(let reason): ("nobody", [("reason", .text(reason))])
    case .disconnected(let reason): ("disconnected", [("reason", .text(reason))])
    case .reconnected: ("reconnected", [])
    }
  }
}
