import BeatRedis
import Testing

@testable import BeatCore

/// What lies on a queue, and in an outbox, must stay what it was: workers and daemons of other versions read it.
@Suite("Messages on queues and in outboxes: to the byte those of version 0.1")
struct StoredMessagesTests {
  /// Documents with the SHA-1 of what version 0.1 made of each: of its message, and of the item in the outbox.
  private static func stored() throws -> [(message: Substring, item: Substring, document: String)] {
    let folder = #filePath.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 }
    let text = String(try TimeTesting.bytes(ofFile: folder + "/Stored/messages.txt"))
    return text.split(separator: "\n").compactMap { line in
      let parts = line.split(separator: " ", maxSplits: 2)
      return parts.count == 3 ? (parts[0], parts[1], String(parts[2])) : nil
    }
  }

  private static func plan(_ document: String) throws -> FirePlan {
    var bench = SchedulerBench.watching { $0.envelope = KombuRedisEnvelope() }
    let name = EntryName("report")
    _ = bench.read(name, document)
    return try bench.scheduler.plan(of: name, for: "request", now: bench.now)
  }

  private static func digest(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef")
    return String(SHA1.digest(bytes).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
  }

  @Test func sameBytes() throws {
    let stored = try Self.stored()
    #expect(stored.count == 600)
    for (message, item, document) in stored {
      let plan = try Self.plan(document)
      #expect(Self.digest(plan.message) == message, "\(document) leads to \(String(plan.message))")
      #expect(Self.digest(OutboxItem(plan).bytes) == item, "\(document)")
    }
  }
}
