import BeatCore
import BeatLoop
import Logging

/// Writes the `fired` lines: one for each fire, but if there are more than 20 a second, one line a second for the
/// others, with their count and the worst lateness. As long as that lasts, five more lines a second are for schedules
/// that have not fired recently.
final class FireLog {
  private static let linesPerSecond = 20
  private static let newcomersPerSecond = 5

  private let logger: Logger
  private lazy var second: LoopTimer = LoopTimer(on: loop) { [unowned self] in endSecond() }
  private let loop: EventLoop
  private var lines = 0
  private var folded = 0
  /// Fires were folded in the second before, too.
  private var goesOn = false
  private var names = RecentNames()
  private var newcomers = 0
  private var worst: Int64 = 0

  init(_ logger: Logger, on loop: EventLoop) {
    self.logger = logger
    self.loop = loop
  }

  /// - Parameter lateness: from the due time to the store's reply; microseconds.
  func fired(_ name: EntryName, _ metadata: @autoclosure () -> Logger.Metadata, lateness: Int64) {
    if !second.isScheduled { second.schedule(after: 1_000_000) }
    if lines < Self.linesPerSecond {
      lines += 1
      logger.info("fired", metadata: metadata())
    } else if names.isNew(name, at: BootClock.now()), goesOn, newcomers < Self.newcomersPerSecond {
      newcomers += 1
      logger.info("fired", metadata: metadata())
    } else {
      folded += 1
      worst = max(worst, lateness)
    }
  }

  /// Writes the line for the folded fires.
  func flush() {
    guard folded > 0 else { return }
    logger.info(
      "fired", metadata: ["count": .stringConvertible(folded), "worst_late_ms": .stringConvertible(worst.milliseconds)])
    folded = 0
    worst = 0
  }

  private func endSecond() {
    // A second without folded fires ends the count, so that an idle daemon is not woken again.
    goesOn = folded > 0
    newcomers = 0
    flush()
    lines = goesOn ? Self.linesPerSecond : 0
    if goesOn { second.schedule(after: 1_000_000) }
  }
}

extension Int64 {
  /// Microseconds as milliseconds, to three digits.
  var milliseconds: Double { Double(self) / 1000 }
}
