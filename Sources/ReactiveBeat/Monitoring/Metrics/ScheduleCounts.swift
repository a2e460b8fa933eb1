import BeatCore
import BeatDriver

/// Counts the fires of single schedules, of at most so many. A schedule has its place from when it is loaded until it is
/// removed. One that finds no room gets a place with a later fire, if another has left.
final class ScheduleCounts {
  struct Schedule {
    let name: EntryName
    /// The label's value, escaped.
    let label: [UInt8]
    var fires = 0
    /// The newest due time that was fired; nil: none was since the daemon's start.
    var lastDue: UnixTime?
  }

  private let most: Int
  private(set) var schedules: [Schedule] = []
  private var places: [EntryName: Int] = [:]

  init(most: Int) { self.most = most }

  func take(_ event: DaemonEvent) {
    switch event {
    case .schedule(.fired(let plan, _, _), _): fired(plan, due: plan.due)
    // A run by hand is due when it is sent, and no occurrence.
    case .manual(.fired(let plan)): fired(plan, due: nil)
    case .schedule(.loaded(let name, _, _), _): _ = place(of: name)
    case .schedule(.removed(let name), _), .schedule(.rejected(let name, _), _): remove(name)
    default: break
    }
  }

  private func fired(_ plan: FirePlan, due: UnixTime?) {
    guard let place = place(of: plan.entry) else { return }
    schedules[place].fires += 1
    if let due { schedules[place].lastDue = max(schedules[place].lastDue ?? due, due) }
  }

  private func place(of name: EntryName) -> Int? {
    if let place = places[name] { return place }
    guard schedules.count < most else { return nil }
    schedules.append(Schedule(name: name, label: MetricsText.escaped(name.description)))
    places[name] = schedules.count - 1
    return schedules.count - 1
  }

  /// The last one takes the place that becomes free.
  private func remove(_ name: EntryName) {
    guard let place = places.removeValue(forKey: name) else { return }
    schedules.swapAt(place, schedules.count - 1)
    schedules.removeLast()
    if place < schedules.count { places[schedules[place].name] = place }
  }
}
