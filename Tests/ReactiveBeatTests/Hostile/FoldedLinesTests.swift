import Logging
import Testing

@testable import BeatCore
@testable import ReactiveBeat

/// Lines that are not written are counted in one line, with examples and their reason.
@Suite struct FoldedLinesTests {
  /// Remembers what is logged.
  private final class Memory: @unchecked Sendable {
    var lines: [(level: Logger.Level, message: String, fields: Logger.Metadata)] = []
  }

  private struct Handler: LogHandler {
    let memory: Memory
    var logLevel = Logger.Level.info
    var metadata: Logger.Metadata = [:]

    init(_ memory: Memory) { self.memory = memory }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
      memory.lines.append((event.level, event.message.description, event.metadata ?? [:]))
    }
  }

  @Test func aSecondEndsWithWhatWasNotWritten() throws {
    let memory = Memory()
    let logger = Logger(label: "test") { _ in Handler(memory) }
    var written = 0
    try onLoop { loop in
      let lines = FoldedLines("rejected", .warning, logger, on: loop)
      for index in 0..<1_000 {
        lines.write(EntryName("n\(index)"), ["key": .string("k\(index)"), "reason": .string("because of \(index)")])
      }
      written = memory.lines.count
      let end = LoopTimer(on: loop) { loop.stop() }
      end.schedule(after: 1_500_000)
      return (lines, end)
    }
    let last = try #require(memory.lines.last)
    // A burst of lines is written at once, and a few more on a slow machine.
    #expect((Limit.lineBurst.most..<2 * Limit.lineBurst.most).contains(written))
    #expect(memory.lines.count == written + 1)
    #expect(last.level == .warning && last.message == "rejected")
    #expect("\(last.fields["count"] ?? "")" == "\(1_000 - written)")
    let examples = "\(last.fields["examples"] ?? "")".split(separator: ", ")
    #expect(examples.count == 3)
    #expect("\(last.fields["reason"] ?? "")" == "because of \(examples.first?.dropFirst() ?? "")")
    #expect(last.fields["key"] == nil, "it is not about one schedule")
  }

  /// At the end no line stays uncounted.
  @Test func itIsToldAtTheEndToo() throws {
    let memory = Memory()
    let logger = Logger(label: "test") { _ in Handler(memory) }
    try onLoop { loop in
      var configuration = try BeatConfiguration(store: "redis://localhost", broker: "redis://localhost")
      configuration.keyPrefix = "p:"
      let log = ScheduleLog(logger, places: LoggedPlaces(configuration), on: loop)
      for index in 0..<1_000 { log.report(.removed(EntryName("n\(index)"))) }
      for _ in 0..<5_000 { log.report(.warned(EntryName("n"), "doubt")) }
      log.flush()
      log.flush()
      loop.soon { loop.stop() }
      return log
    }
    let removed = memory.lines.filter { $0.message == "removed" }
    #expect("\(removed.last?.fields["count"] ?? "")" == "\(1_001 - removed.count)")
    let doubtful = memory.lines.filter { $0.message == "doubtful" }
    #expect(doubtful.count < 2 * Limit.lineBurst.most && doubtful.last?.fields["examples"] == .string("p:n"))
  }
}
