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

  private static func plan(_ document: String, _ delivery: Delivery = .direct) throws -> FirePlan {
    var bench = SchedulerBench { $0.envelope = KombuRedisEnvelope() }
    _ = bench.receive(.loadStarted(delivery))
    _ = bench.receive(.loadFinished)
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
      var old = OutboxItem(plan)
      old.form = .kombu
      #expect(Self.digest(old.bytes) == item, "\(document)")
      #expect(KombuRedisEnvelope.bytes(of: try #require(OutboxItem(old.bytes))) == plan.message)
    }
  }

  /// Whether a fire puts the message on its queue or the relay does, it is the same.
  @Test func sameBytesByTheOutbox() throws {
    for (message, _, document) in try Self.stored() {
      let item = OutboxItem(try Self.plan(document, .outbox))
      let read = try #require(OutboxItem(item.bytes))
      #expect(read == item && read.form == .neutral)
      let bytes = try #require(KombuRedisEnvelope.bytes(of: read), "\(document)")
      #expect(Self.digest(bytes) == message, "\(document) leads to \(String(bytes))")
    }
  }

  /// What version 0.1 has left in an outbox says the same to a broker of another kind.
  @Test func bothFormsSayTheSame() throws {
    for (_, _, document) in try Self.stored() {
      let new = try #require(OutboxMessage(try Self.plan(document, .outbox).message), "\(document)")
      let old = try #require(OutboxMessage(try Self.plan(document).message), "\(document)")
      #expect(new.form == .neutral && old.form == .kombu)
      #expect(new.headerObject == old.headerObject && new.body == old.body)
      #expect(new.headers.map(\.key) == old.headers.map(\.key))
      #expect(new.headers.map(\.value) == old.headers.map(\.value))
      #expect(new.correlationID == old.correlationID && new.replyTo == old.replyTo)
      #expect(new.deliveryMode == old.deliveryMode && new.expiration == old.expiration && new.priority == old.priority)
    }
  }

  @Test func aMessageThatNoDaemonWroteIsNotMadeAnyBrokersOwn() throws {
    let document = try #require(try Self.stored().first).document
    var item = OutboxItem(try Self.plan(document, .outbox))
    #expect(KombuRedisEnvelope.bytes(of: item) != nil)
    let good = item.message
    for message in [[], Array("{}".utf8), good + [0x20], Array(good.dropLast()), try Self.plan(document).message] {
      item.message = message
      #expect(KombuRedisEnvelope.bytes(of: item) == nil)
    }
  }
}
