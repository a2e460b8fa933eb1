import BeatCore
import Testing

@testable import BeatMongo

/// The messages in marks, and the handles by which they are removed.
@Suite struct MarkItemTests {
  private func item(_ route: Route, id: String = "t", message: [UInt8] = [0, 255, 7]) -> OutboxItem {
    OutboxItem(taskID: TaskID(text: id), route: route, priority: -3, message: message)
  }

  /// The item as it stands in a document.
  private func stored(_ value: BSON) throws -> BSONValue {
    let document: BSONDocument = ["_id": "s", "pending": value]
    return try #require(BSONDocument(document.bytes)["pending"])
  }

  @Test func anItemIsReadAsItWasWritten() throws {
    for item in [
      item(.queue("q")), item(.queue("")), item(.exchange("e", routingKey: "k.#")),
      item(.exchange("", routingKey: "ü")), item(.queue("q"), message: []),
    ] {
      let value = try stored(MarkItem(item, sequence: 5).value)
      #expect(MarkItem.item(of: value) == item)
      #expect(value["seq"]?.integer == 5)
      #expect(value["length"]?.integer == Int64(item.message.count))
    }
  }

  @Test func whatNoDaemonHasWrittenIsNoItem() throws {
    let good: [(name: String, value: BSON)] = [
      ("seq", .int64(1)), ("id", "t"), ("route", ["queue": "q"]), ("priority", .int64(0)), ("task", .binary([1])),
    ]
    #expect(try MarkItem.item(of: stored(.fields(good))) != nil)
    for name in good.map(\.name) {
      let without = good.filter { $0.name != name }
      #expect(try MarkItem.item(of: stored(.fields(without))) == nil)
      #expect(try MarkItem.item(of: stored(.fields(without + [(name, .bool(true))]))) == nil)
    }
    let others: [BSON] = [["exchange": "e"], ["queue": 1], [:], .string([0xFF])]
    for route in others {
      #expect(try MarkItem.item(of: stored(.fields(good.filter { $0.name != "route" } + [("route", route)]))) == nil)
    }
    #expect(try MarkItem.item(of: stored("x")) == nil)
    #expect(try MarkItem.item(of: stored(.fields(good.filter { $0.name != "id" } + [("id", "")]))) == nil)
  }

  /// A daemon before the neutral form looks for `message`, and leaves an item without one alone.
  @Test func theFieldTellsTheForm() throws {
    var old = item(.queue("q"))
    old.form = .kombu
    let (then, now) = (
      try stored(MarkItem(old, sequence: 5).value), try stored(MarkItem(item(.queue("q")), sequence: 5).value)
    )
    #expect(then["message"] != nil && then["task"] == nil)
    #expect(now["message"] == nil && now["task"] != nil)
    #expect(MarkItem.item(of: then) == old)
    #expect(MarkItem.item(of: now)?.form == .neutral)
    let both: [(String, BSON)] = [
      ("seq", .int64(1)), ("id", "t"), ("route", ["queue": "q"]), ("priority", .int64(0)), ("task", .binary([1])),
      ("message", .binary([1])),
    ]
    #expect(try MarkItem.item(of: stored(.fields(both))) == nil)
  }

  @Test func aHandleTellsWhereTheItemStands() throws {
    let value = try stored(MarkItem(item(.queue("q")), sequence: 5).value)
    let mark: BSONDocument = ["_id": "s"]
    let handle = MarkItem.handle(of: mark["_id"], value, isNoted: true)
    let place = try #require(MarkItem.Place(handle))
    #expect(place.document == mark)
    #expect(place.sequence == 5)
    #expect(place.id == Array("t".utf8))
    #expect(place.isNoted && !place.isRequest)
    let request: BSONDocument = ["_id": ["request": "r"]]
    #expect(MarkItem.Place(MarkItem.handle(of: request["_id"], value, isNoted: false))?.isRequest == true)
    #expect(MarkItem.Place(OutboxHandle([1, 2, 3])) == nil)
  }

  @Test func aHandleIsOfOneItemWhetherNotedOrNot() throws {
    let (one, two) = (
      try stored(MarkItem(item(.queue("q")), sequence: 5).value),
      try stored(MarkItem(item(.queue("q")), sequence: 6).value)
    )
    let (mark, other): (BSONDocument, BSONDocument) = (["_id": "s"], ["_id": "o"])
    let handle = MarkItem.handle(of: mark["_id"], one, isNoted: true)
    #expect(MarkItem.isSame(handle, MarkItem.handle(of: mark["_id"], one, isNoted: false)))
    #expect(!MarkItem.isSame(handle, MarkItem.handle(of: mark["_id"], two, isNoted: true)))
    #expect(!MarkItem.isSame(handle, MarkItem.handle(of: other["_id"], one, isNoted: true)))
    #expect(!MarkItem.isSame(handle, nil))
  }

  @Test func anItemOfAnotherClientHasAHandleToo() throws {
    let value = try stored(["seq": .int64(3), "id": .null])
    let place = try #require(MarkItem.Place(MarkItem.handle(of: nil, value, isNoted: false)))
    #expect(place.id == [])
    let condition: BSONDocument = ["": MarkItem.Place.isAny(of: [place])]
    #expect(condition == ["": ["seq": ["$in": [.int64(3)]], "id": ["$in": [.null]]]])
  }
}
