import Logging
import Testing

@testable import BeatCore
@testable import ReactiveBeat

/// What is not written is told of: how much, of what, and why.
@Suite struct FoldedLinesTests {
  /// Keeps what is logged.
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
    try onLoop { loop in
      let lines = FoldedLines("rejected", .warning, logger, on: loop)
      for index in 0..<1_000 {
        lines.write(EntryName("n\(index)"), ["key": .string("k\(index)"), "reason": .string("because of \(index)")])
      }
      #expect(memory.lines.count == Limit.lineBurst.most, "at once so many, and no more")
      let end = LoopTimer(on: loop) { loop.stop() }
      end.schedule(after: 1_500_000)
      return (lines, end)
    }
    let last = try #require(memory.lines.last)
    #expect(memory.lines.count == Limit.lineBurst.most + 1)
    #expect(last.level == .warning && last.message == "rejected")
    #expect(last.fields["count"] == .stringConvertible(900))
    #expect(last.fields["examples"] == .string("k100, k101, k102"))
    #expect(last.fields["reason"] == .string("because of 100"))
    #expect(last.fields["key"] == nil, "it is not about one schedule")
  }

  /// At the end nothing is held back.
  @Test func itIsToldAtTheEndToo() throws {
    let memory = Memory()
    let logger = Logger(label: "test") { _ in Handler(memory) }
    try onLoop { loop in
      let log = BeatLog(logger, keys: RedisKeys(prefix: "p:"), on: loop)
      for index in 0..<101 { log.report(.removed(EntryName("n\(index)"))) }
      for _ in 0..<5_000 { log.report(.warned(EntryName("n"), "doubt")) }
      log.flush()
      log.flush()
      loop.soon { loop.stop() }
      return log
    }
    let removed = memory.lines.filter { $0.message == "removed" }
    #expect(removed.count == 101 && removed.last?.fields["count"] == .stringConvertible(1))
    let doubtful = memory.lines.filter { $0.message == "doubtful" }
    #expect(doubtful.count <= 52 && doubtful.last?.fields["examples"] == .string("p:n"))
  }
}
