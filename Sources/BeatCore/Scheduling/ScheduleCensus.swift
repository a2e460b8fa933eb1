/// How many documents are known, by what becomes of their schedules.
package struct ScheduleCensus: Equatable, Sendable {
  package enum State: CaseIterable {
    /// An occurrence comes, or is on its way.
    case enabled
    case disabled
    /// The schedule is enabled, and no occurrence comes any more.
    case finished
  }

  package var enabled = 0
  package var disabled = 0
  package var finished = 0
  /// The documents that are set aside.
  package var rejected = 0
  /// The schedules whose last attempt was put off, and which have not fired since. They count as `enabled`, too.
  package var deferred = 0

  package init() {}

  /// How many documents are in force.
  package var inForce: Int { enabled + disabled + finished }

  subscript(state: State) -> Int {
    get {
      switch state {
      case .enabled: enabled
      case .disabled: disabled
      case .finished: finished
      }
    }
    set {
      switch state {
      case .enabled: enabled = newValue
      case .disabled: disabled = newValue
      case .finished: finished = newValue
      }
    }
  }
}

extension ScheduleEntry {
  var state: ScheduleCensus.State {
    guard timing.enabled else { return .disabled }
    if case .dormant = phase { return .finished }
    return .enabled
  }
}

extension Scheduler {
  /// It is counted along, so that it costs the same for a million schedules as for one.
  package var census: ScheduleCensus {
    var census = entries.census
    census.rejected = rejected.count
    return census
  }

  /// When the next message should be sent, or the time since which schedules have been late; nil: nothing is due.
  package func nextSending(now: UnixTime) -> UnixTime? {
    let behind = backlog.isEmpty ? nil : backlog.since(at: now)
    guard let ahead = heap.top?.due else { return behind }
    return behind.map { min($0, ahead) } ?? ahead
  }

  /// The same by looking at each entry. For tests.
  var countedCensus: ScheduleCensus {
    var census = ScheduleCensus()
    for name in entries.names {
      guard let entry = entries.handle(of: name).flatMap({ entries[$0] }) else { continue }
      census[entry.state] += 1
      if entry.refusals != nil { census.deferred += 1 }
    }
    census.rejected = rejected.count
    return census
  }
}
