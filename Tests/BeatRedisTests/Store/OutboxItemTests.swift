import BeatRedis
import Testing

@testable import BeatCore

@Suite("OutboxItem: what goes into the outbox comes out of it")
struct OutboxItemTests {
  private static func item(_ route: Route, priority: Int64 = 0, _ message: [UInt8] = Array("{}".utf8)) -> OutboxItem {
    OutboxItem(FirePlan.sample(route, priority: priority, message))
  }

  @Test func theBytesAreReadable() {
    #expect(
      String(Self.item(.queue("celery"), priority: 9).bytes)
        == "1:2,36:5f8bd2a1-8f0c-5d5e-9f3a-0c1d2e3f4a5b,5:queue,6:celery,1:9,2:{},")
    #expect(
      String(Self.item(.exchange("news", routingKey: "a.b"), priority: -1).bytes)
        == "1:2,36:5f8bd2a1-8f0c-5d5e-9f3a-0c1d2e3f4a5b,8:exchange,4:news,3:a.b,2:-1,2:{},")
  }

  @Test(
    arguments: [
      .queue("celery"), .queue(""), .queue("ü,:1:"), .exchange("news", routingKey: "a.b"),
      .exchange("", routingKey: ""), .exchange("5:queue,", routingKey: "\u{0}\r\n"),
    ] as [Route], [0, 9, -1, Int64.max, .min])
  func roundTrip(_ route: Route, _ priority: Int64) {
    for message in [[], Array("5:queue,".utf8), Array(UInt8.min...UInt8.max), Array(repeating: 0x2C, count: 100_000)] {
      let item = Self.item(route, priority: priority, message)
      #expect(OutboxItem(item.bytes) == item)
      #expect(OutboxItem(item.bytes)?.bytes == item.bytes)
    }
  }

  /// A daemon of version 0.1 reads version 1 only: what is there in another form stays, and is not sent to workers.
  @Test func theVersionTellsTheForm() throws {
    for (version, form) in [("1", OutboxMessage.Form.kombu), ("2", .neutral)] {
      let bytes = Array("1:\(version),1:x,5:queue,1:q,1:0,2:{},".utf8)
      let item = try #require(OutboxItem(bytes))
      #expect(item.form == form)
      #expect(item.bytes == bytes)
    }
  }

  @Test func aPlanBecomesAnItem() throws {
    let plan = FirePlan.sample(.exchange("e", routingKey: "k"), priority: 7, Array("message".utf8))
    let item = try #require(OutboxItem(OutboxItem(plan).bytes))
    #expect(item.taskID == plan.taskID)
    #expect(item.route == plan.route)
    #expect(item.priority == plan.priority)
    #expect(item.message == plan.message)
  }

  /// Every part of an item and every item with a byte too many is no item.
  @Test(arguments: [Route.queue("celery"), .exchange("news", routingKey: "a.b")]) func cutAnywhere(_ route: Route) {
    let bytes = Self.item(route, priority: 3, Array("message".utf8)).bytes
    for count in 0..<bytes.count { #expect(OutboxItem(Array(bytes.prefix(count))) == nil, "\(count) bytes") }
    for index in 1...bytes.count { #expect(OutboxItem(Array(bytes.dropFirst(index))) == nil, "without \(index) bytes") }
    #expect(OutboxItem(bytes + [0x2C]) == nil)
    #expect(OutboxItem(bytes + bytes) == nil)
  }

  @Test(arguments: [
    "", ":", ",", "1", "1:", "1:1", "1:1,", "2:1,", "0:,", ":1,", "-1:1,", "1 :1,", "01:1,", "+1:1,",
    "999999999:1,", "9999999999:1,", "99999999999999999999999999:1,", "18446744073709551617:1,", "{\"body\": \"\"}",
    "1:3,1:x,5:queue,1:q,1:0,0:,", "1:0,1:x,5:queue,1:q,1:0,0:,", "2:02,1:x,5:queue,1:q,1:0,0:,",
    "1:1,0:,5:queue,1:q,1:0,0:,", "1:1,1:x,6:fanout,1:q,1:0,0:,",
    "1:1,1:x,5:queue,1:q,1:z,0:,", "1:1,1:x,5:queue,1:q,20:99999999999999999999,0:,", "1:1,1:x,5:queue,1:q,0:,0:,",
    "1:1,1:x,8:exchange,1:q,1:0,0:,",
  ])
  func foreignBytes(_ text: String) {
    #expect(OutboxItem(Array(text.utf8)) == nil)
  }

  @Test func namesThatAreNoText() {
    #expect(OutboxItem(Array("1:1,1:x,5:queue,1:".utf8) + [0xFF] + Array(",1:0,0:,".utf8)) == nil)
    #expect(OutboxItem([0xFF, 0xFE, 0x3A]) == nil)
  }

  /// Whatever stands there, nothing traps; and what is understood is written back the same.
  @Test func randomDamage() {
    var chance = SeededChance(seed: 5)
    let whole = Self.item(.exchange("news", routingKey: "a.b"), Array("message".utf8)).bytes
    for _ in 0..<20_000 {
      var bytes = whole
      for _ in 0..<chance.number(1...4) where !bytes.isEmpty {
        let index = chance.number(0...(bytes.count - 1))
        switch chance.number(0...2) {
        case 0: bytes[index] = UInt8(chance.number(0...255))
        case 1: bytes.remove(at: index)
        default: bytes.insert(UInt8(ascii: "9"), at: index)
        }
      }
      if let item = OutboxItem(bytes) { #expect(OutboxItem(item.bytes) == item) }
    }
  }
}

extension FirePlan {
  fileprivate static func sample(_ route: Route, priority: Int64, _ message: [UInt8]) -> FirePlan {
    FirePlan(
      entry: EntryName("a"), task: "t", taskID: TaskID(text: "5f8bd2a1-8f0c-5d5e-9f3a-0c1d2e3f4a5b"),
      due: UnixTime(microseconds: 1), oldDocument: Array("old".utf8), newDocument: Array("new".utf8),
      message: message, route: route, priority: priority,
      watermark: Watermark(due: UnixTime(microseconds: 1), taskID: nil, totalRunCount: 1), reason: .schedule)
  }
}
