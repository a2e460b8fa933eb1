import BeatCore
import Testing

@testable import BeatMongo

/// A daemon dies at each step while it sets a message aside. The message is in one place afterwards.
@Suite struct MarkSetAsideTests {
  private let bench: StoreBench
  private let client: MongoClient
  private let written = WrittenFires()

  init() throws {
    bench = try StoreBench()
    client = try bench.client()
  }

  private static func item(_ number: Int64) -> BSON {
    [
      "seq": .int64(number), "id": .text("task-\(number)"), "length": 1, "route": ["queue": "q"], "priority": 0,
      "message": .binary([1]),
    ]
  }

  private static let note: BSON = ["seq": .int64(1), "reason": "never"]

  private func put(_ fields: [(name: String, value: BSON)], id: BSON = "a") throws {
    _ = try client.write(
      ["insert": .text(bench.place.marks), "documents": [.fields([("_id", id)] + fields)]], on: bench.place.database)
  }

  private var ids: [String?] {
    get throws {
      try MarkOutbox.read(
        behind: 0, newest: nil, count: 10, bytes: 10_000, written: written, in: bench.place, by: client
      ).items.map { $0.item?.taskID.description }
    }
  }

  private var aside: [BSONDocument] { get throws { try client.all(in: bench.place.setAside, of: bench.place) } }
  private var isWithoutNote: Bool {
    get throws { try MarkSetAside.member(of: mark?["leaving"], 1) == nil }
  }
  private var mark: BSONDocument? { get throws { try client.all(in: bench.place.marks, of: bench.place).first } }

  private func setAside(_ sequence: Int64 = 1, reason: String = "never") throws -> Bool {
    let page = try MarkOutbox.read(
      behind: 0, newest: nil, count: 10, bytes: 10_000, written: written, in: bench.place, by: client)
    let handle = try #require(page.items.first { $0.item?.taskID == TaskID(text: "task-\(sequence)") }?.handle)
    return try MarkSetAside(place: bench.place, written: written).setAside(handle, reason: reason, by: client)
  }

  @Test func movesAnItemWithItsReason() throws {
    try put([("pending", [Self.item(1), Self.item(2)])])
    #expect(try setAside(reason: String(repeating: "x", count: 5_000)))
    #expect(try ids == ["task-2"])
    let found = try aside
    #expect(found.count == 1 && found[0]["_id"]?.integer == 1 && found[0]["of"]?.text == "a")
    #expect(found[0]["item"]?["message"]?.binary?.bytes.elementsEqual([1]) == true)
    #expect((found[0]["reason"]?.text?.utf8.count ?? 0) <= Limit.reasonLength.most + 10)
    #expect(found[0]["at"]?.integer != nil)
    #expect(try isWithoutNote)
  }

  @Test func afterTheNoteTheNextReaderDoesTheRest() throws {
    try put([("pending", [Self.item(1), Self.item(2)]), ("leaving", [Self.note])])
    #expect(try ids == ["task-2"])
    #expect(try aside.map { $0["reason"]?.text } == ["never"])
    #expect(try isWithoutNote)
  }

  @Test func afterTheCopyThereIsNoOther() throws {
    try put([("pending", [Self.item(1), Self.item(2)]), ("leaving", [Self.note])])
    try client.put(
      ["_id": .int64(1), "of": "a", "item": Self.item(1), "reason": "never"], in: bench.place.setAside,
      of: bench.place)
    #expect(try ids == ["task-2"])
    #expect(try aside.count == 1)
  }

  @Test func afterTheItemHasLeftTheNoteMeansNothing() throws {
    try put([("pending", [Self.item(2)]), ("leaving", [Self.note])])
    #expect(try ids == ["task-2"])
    #expect(try aside.isEmpty)
    // The next one is moved as ever.
    #expect(try setAside(2))
    #expect(try ids == [] && aside.map { $0["_id"]?.integer } == [2])
  }

  /// The server removes an answered request some time after its message has left.
  @Test func aRequestIsDoneWhenItsMessageIsSetAside() throws {
    try put([("answer", "fired task-1"), ("pending", [Self.item(1)])], id: ["request": "r"])
    #expect(try setAside())
    #expect(try mark?["done"] != nil && ids == [])
  }

  @Test func theNoteOfAFireLeavesWithIt() throws {
    try put([
      ("pending", [Self.item(1)]), ("redo", ["id": "task-1", "of": "x", "old": [:], "new": ["total_run_count": 1]]),
    ])
    #expect(try setAside())
    #expect(try mark?["redo"] == nil)
  }

  /// What the script that `doctor` prints writes.
  @Test func whatIsPutBackGoesOutAndLeavesNothing() throws {
    try put([("pending", [Self.item(1)])])
    #expect(try setAside())
    let found = try #require(try aside.first)
    try put([("answer", "put back"), ("pending", [.optional(found["item"])])], id: ["request": "put back task-1"])
    #expect(try ids == ["task-1"])
    let page = try MarkOutbox.read(
      behind: 0, newest: nil, count: 10, bytes: 10_000, written: written, in: bench.place, by: client)
    try MarkOutbox.remove(page.items.map(\.handle), written: written, in: bench.place, by: client)
    #expect(try client.all(in: bench.place.marks, of: bench.place).contains { $0["done"] != nil })
  }

  @Test func theToolsSeeTheNewestWithoutTheirBytes() throws {
    try put([("pending", [Self.item(1), Self.item(2)])])
    for number in [1, 2] as [Int64] { #expect(try setAside(number, reason: "no \(number)")) }
    let store = try MongoStoreClient(
      MongoURL(bench.server.url("directConnection=true")), bench.place,
      runs: RunPreview(bench.place.taskIDs, envelope: PlainEnvelope(), sha1: SHA1.digest))
    #expect(try store.messagesSetAside(atMost: 0) == MessagesSetAside(count: 2, newest: []))
    let newest = try store.messagesSetAside(atMost: 1)
    #expect(newest.count == 2 && newest.newest.map(\.taskID) == ["task-2"])
    #expect(newest.newest.first?.place == "2" && newest.newest.first?.destination == "queue q")
    #expect(newest.newest.first?.reason == "no 2" && newest.newest.first?.at != nil)
    let place = bench.place
    let message = try #require(newest.newest.first)
    #expect(
      SetAsideScript.drop(message, place)
        == #"db.getCollection("schedules.reactivebeat.setaside").deleteOne({_id: Long("2")})"#)
    let back = SetAsideScript.putBack(message, place)
    #expect(
      back.contains(#"findOne({_id: Long("2")})"#)
        && back.contains(#"db.getCollection("schedules.reactivebeat.marks")"#))
    #expect(back.contains(#"{request: "put back " + d.item.id}"#) && back.contains(#"answer: "put back""#))
  }
}
