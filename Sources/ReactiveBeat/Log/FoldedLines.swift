import BeatCore
import BeatLoop
import Logging

/// Writes the lines of one kind that documents cause. At the rate of edits by hand each is written; in a flood only
/// those that `LineBudget` admits, and for the others one line a second with their count, three of their keys, and the
/// first one's reason.
final class FoldedLines {
  private static let examples = 3

  private let word: Logger.Message
  private let level: Logger.Level
  private let logger: Logger
  private let loop: EventLoop
  private lazy var second = LoopTimer(on: loop) { [unowned self] in flush() }
  private var budget = LineBudget()
  private var count = 0
  private var keys: [String] = []
  private var reason: Logger.MetadataValue?

  init(_ word: Logger.Message, _ level: Logger.Level, _ logger: Logger, on loop: EventLoop) {
    (self.word, self.level, self.logger, self.loop) = (word, level, logger, loop)
  }

  /// - Parameters:
  ///   - name: the schedule that the line is about.
  ///   - fields: the line's fields, with `key` and perhaps `reason`.
  func write(_ name: EntryName, _ fields: @autoclosure () -> Logger.Metadata) {
    guard logger.logLevel <= level else { return }
    if budget.admits(name, at: BootClock.now()) {
      let fields = fields()
      budget.wrote(fields.reduce(64) { $0 + $1.key.utf8.count + "\($1.value)".utf8.count })
      return logger.log(level: level, word, metadata: fields)
    }
    count += 1
    if keys.count < Self.examples {
      let fields = fields()
      let key = "\(fields["key"] ?? "")".beginning(200)
      if !keys.contains(key) { keys.append(key) }
      if reason == nil, let text = fields["reason"] {
        reason = .string("\(text)".beginning(Limit.reasonLength.most))
      }
    }
    if !second.isScheduled { second.schedule(after: 1_000_000) }
  }

  /// Writes the line for the lines that were not written.
  func flush() {
    second.cancel()
    guard count > 0 else { return }
    var fields: Logger.Metadata = [
      "count": .stringConvertible(count), "examples": .string(keys.joined(separator: ", ")),
    ]
    fields["reason"] = reason
    logger.log(level: level, word, metadata: fields)
    count = 0
    keys = []
    reason = nil
  }
}
