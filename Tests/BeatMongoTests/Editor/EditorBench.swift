@testable import BeatCore
@testable import BeatMongo

/// A store with a client that is tested, and with another user, who works as applications with pymongo do.
final class EditorBench {
  let bench: StoreBench
  let other: MongoClient
  let store: MongoStoreClient

  var place: MongoPlace { bench.place }

  init() throws {
    bench = try StoreBench()
    other = try bench.client()
    store = try bench.editor()
  }

  // MARK: the other user

  func put(_ document: BSONDocument) throws { try other.put(document, in: place.schedules, of: place) }

  func schedule(_ name: String, _ more: [(name: String, value: BSON)] = []) -> BSONDocument {
    BSONDocument(
      [
        ("_id", .text("id of \(name)")), ("name", .text(name)), ("task", "proj.tasks.add"),
        ("interval", ["every": 10, "period": "seconds"]), ("enabled", true), ("total_run_count", .int32(0)),
      ] + more)
  }

  func update(_ name: String, _ update: BSON) throws {
    _ = try other.run(
      ["update": .text(place.schedules), "updates": [["q": ["name": .text(name)], "u": update]]], on: place.database)
  }

  func stored(_ name: String) throws -> [BSONDocument] {
    try other.all(in: place.schedules, of: place).filter { $0["name"]?.text == name }
  }

  func mark(_ name: String) throws -> BSONDocument? {
    try other.all(in: place.marks, of: place).first { $0["_id"]?.text == name }
  }

  func markText(_ name: String) throws -> String? { try mark(name)?["mark"]?.text }

  /// The watermark that a daemon has stored.
  @discardableResult func marked(
    _ name: String, _ seconds: Int64, id: String? = "t", _ more: [(name: String, value: BSON)] = []
  ) throws -> Watermark {
    let watermark = Watermark(
      due: UnixTime(seconds: seconds), taskID: id.map { TaskID(text: $0) }, totalRunCount: 3,
      digest: ScheduleDigest(text: "0000000a"))
    let fields: [(name: String, value: BSON)] = [("_id", .text(name)), ("mark", .string(watermark.bytes))]
    try other.put(BSONDocument(fields + more), in: place.marks, of: place)
    return watermark
  }

  /// A schedule whose fire has answered `run_immediately`. Its daemon died before it could say so in the document.
  func putAnsweredRequest(_ name: String) throws {
    try put(schedule(name, [("run_immediately", true)]))
    let id = BSON.text("id of \(name)")
    let redo: BSON = [
      "id": "t", "of": id, "old": ["total_run_count": 0, "run_immediately": true],
      "new": ["total_run_count": 1, "run_immediately": false],
    ]
    try marked(name, 1_772_452_800, [("redo", redo), ("of", id)])
  }

  // MARK: the tested client

  func text(_ name: String) throws -> [UInt8]? { try store.document(EntryName(name)).bytes }

  /// An edit of one field of the text.
  func edited(_ text: [UInt8], _ field: String, _ json: String) throws -> [UInt8] {
    var editor = try DocumentEditor(text)
    editor.set(field, to: json)
    return editor.bytes
  }
}

extension StoreBench {
  /// A client of the calling thread.
  func editor() throws -> MongoStoreClient { try Self.editor(server, place) }

  static func editor(_ server: MongoServer, _ place: MongoPlace) throws -> MongoStoreClient {
    try MongoStoreClient(
      MongoURL(server.url("directConnection=true")), place,
      runs: RunPreview(place.taskIDs, envelope: PlainEnvelope(), sha1: SHA1.digest))
  }
}
