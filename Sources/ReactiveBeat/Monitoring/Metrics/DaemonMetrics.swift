import BeatCore
import BeatDriver

/// The metrics of a daemon. It counts the daemon's events, and asks for the rest when it writes.
///
/// It belongs to the daemon's thread.
package final class DaemonMetrics {
  /// What to measure beyond the daemon as a whole.
  package struct Options: Equatable, Sendable {
    /// How many schedules have metrics of their own, 1 to 10,000; nil: none has.
    package var schedules: Int?

    package init(schedules: Int? = nil) { self.schedules = schedules }
  }

  /// The facts that never change.
  struct Build: Equatable {
    var version: String
    /// The kinds of store and broker, each one word.
    var store: String
    var broker: String
  }

  let build: Build
  let counts = DaemonCounts()
  /// nil: single schedules are not counted.
  let schedules: ScheduleCounts?
  let loop: LoopDelay
  /// The daemon's present state.
  var vitals: () -> DaemonVitals = { DaemonVitals() }
  var process: () -> ProcessFigures = { ProcessFigures() }

  init(_ options: Options, _ build: Build, in surroundings: any Surroundings) {
    self.build = build
    schedules = options.schedules.map { ScheduleCounts(most: $0) }
    loop = LoopDelay(in: surroundings)
  }

  /// Begins to measure the loop.
  func start() { loop.start() }
  func stop() { loop.stop() }

  func take(_ event: DaemonEvent) {
    counts.take(event)
    schedules?.take(event)
  }

  /// All metrics as one text.
  ///
  /// - Parameter more: writes families of the caller's own, behind the daemon's.
  package func text(_ format: MetricsFormat, more: (inout MetricsText) -> Void = { _ in }) -> [UInt8] {
    var text = MetricsText(format, capacity: 24_576 + (schedules?.schedules.count ?? 0) * 160)
    let vitals = vitals()
    writeState(vitals, to: &text)
    writeSchedules(vitals, to: &text)
    writeFires(vitals, to: &text)
    writeEdits(to: &text)
    writeOutbox(vitals, to: &text)
    writeUpkeep(vitals, to: &text)
    writeSingleSchedules(vitals, to: &text)
    writeProcess(process(), to: &text)
    more(&text)
    text.end()
    return text.bytes
  }
}

/// Belongs to its daemon's thread.
@available(*, unavailable)
extension DaemonMetrics: Sendable {}
