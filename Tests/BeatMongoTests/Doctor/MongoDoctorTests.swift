import Testing

@testable import BeatCore
@testable import BeatMongo

/// What the doctor finds on servers and in collections of several kinds.
@Suite struct MongoDoctorTests {
  private let place = MongoPlace(database: "celery", schedules: "schedules")

  /// The findings of all examinations that look at the store.
  private func findings(
    _ server: MongoServer, user: MongoServer.User? = nil, isFiring: Bool = true
  ) throws -> [Finding] {
    var found: [Finding] = []
    let list = FindingList { found.append($0) }
    let options = "directConnection=true" + (user == nil ? "" : "&authSource=admin")
    let client = try MongoStoreClient(
      MongoURL(server.url(options, user: user)), place,
      runs: RunPreview(place.taskIDs, envelope: PlainEnvelope(), sha1: SHA1.digest))
    let broker = StillBroker()
    let doctor = MongoDoctor(client, findings: list, broker: broker)
    try doctor.examineServer()
    try doctor.examineClock()
    try doctor.examineBroker()
    try doctor.examineChangeDetection(isFiring: isFiring, by: "stream")
    try doctor.examineRights()
    try doctor.examinePlaces()
    #expect(broker.looks == ["server", "rights"])
    return found
  }

  private func texts(_ findings: [Finding], _ level: Finding.Level) -> [String] {
    findings.filter { $0.level == level }.map { "\($0.check): \($0.text) -> \($0.fix ?? "")" }
  }

  private func client(_ server: MongoServer) throws -> MongoClient {
    try MongoClient(MongoURL(server.url("directConnection=true")))
  }

  @Test func ofAServerInOrderNothingIsSaidButThatItAsksForNoUser() throws {
    let server = try MongoServer()
    let client = try client(server)
    _ = try SessionOpening(place: place).result(by: client)
    let found = try findings(server)
    #expect(texts(found, .problem) == [])
    #expect(found.filter { $0.level == .warning }.map(\.check) == ["rights"])
    #expect(found.filter { $0.level == .ok }.map(\.check) == ["server", "clock", "notifications", "collections"])
    // Nothing is left of what was written.
    #expect(try client.all(in: place.marks, of: place).isEmpty)
    #expect(try client.all(in: place.daemon, of: place).map { $0["_id"]?.text } == ["lease", "sessions"])
  }

  @Test func aServerAloneTellsOfNoChanges() throws {
    let server = try MongoServer(isStandalone: true)
    let found = try findings(server)
    let problems = texts(found, .problem)
    #expect(problems.count == 2, "\(problems)")
    #expect(problems.allSatisfy { $0.contains("rs.initiate()") }, "\(problems)")
    #expect(try texts(findings(server, isFiring: false), .problem).count == 1)
    // No daemon has made an index.
    #expect(found.contains { $0.check == "index" && $0.fix?.contains("createIndex") == true })
  }

  @Test func aUserIsNamed() throws {
    let user = MongoServer.User()
    let server = try MongoServer(user: user)
    let found = try findings(server, user: user)
    #expect(found.contains { $0.level == .ok && $0.check == "rights" && $0.text.contains("user beat") })
    #expect(!found.contains { "\($0)".contains(user.password) })
    #expect(
      found.filter { $0.fix?.contains("mongosh") == true }.allSatisfy { $0.fix?.contains("--username ADMIN") == true })
  }

  @Test func anotherSchedulerLeavesTraces() throws {
    let server = try MongoServer()
    let client = try client(server)
    let now = try ServerTime.read(client)
    func put(_ name: String, ran: Int64?, marked: Int64?, _ more: [(name: String, value: BSON)] = []) throws {
      let last = ran.map { [("last_run_at", BSON.milliseconds(now - $0))] } ?? []
      try client.put(
        BSONDocument([("_id", .text(name)), ("name", .text(name)), ("task", "t")] + last + more), in: place.schedules,
        of: place)
      guard let marked, let due = ServerTime.time(now - marked) else { return }
      let mark = Watermark(due: due, taskID: TaskID(text: "t"), totalRunCount: 1)
      try client.put(["_id": .text(name), "mark": .string(mark.bytes)], in: place.marks, of: place)
    }
    // Our own run, an old one, and one in the far future.
    try put("ours", ran: 5000, marked: 5000)
    try put("old", ran: 3_600_000, marked: nil)
    try put("future", ran: -86_400_000, marked: nil)
    try put("never", ran: nil, marked: nil)
    #expect(try OtherSchedulers(place, by: client).moving == [])
    try put("theirs", ran: 5000, marked: 65_000)
    try put("new", ran: 5000, marked: nil)
    #expect(try Set(OtherSchedulers(place, by: client).moving.map(\.description)) == ["theirs", "new"])
    let warnings = texts(try findings(server), .warning)
    #expect(
      warnings.contains { $0.contains("very probably at work") && $0.contains("1 other schedule") }, "\(warnings)")
  }

  @Test func documentsThatAnOldSchedulerLeavesOutAreNamedBeforeTheFirstSession() throws {
    let server = try MongoServer()
    let client = try client(server)
    for (name, field) in [("old", "_cls"), ("raw b", "note"), ("raw a", "note")] {
      try client.put(
        BSONDocument([
          ("_id", .text(name)), ("name", .text(name)), ("task", "t"), ("enabled", true), (field, "PeriodicTask"),
        ]),
        in: place.schedules, of: place)
    }
    func warnings() throws -> [String] { texts(try findings(server), .warning).filter { $0.contains("_cls") } }
    let before = try warnings()
    #expect(
      before == [
        "scheduler: 2 enabled documents have no _cls of PeriodicTask: celerybeat-mongo leaves them out, and here they "
          + "run: raw a, raw b -> those that are not to run: beat-watch disable 'raw a'"
      ], "\(before)")
    _ = try SessionOpening(place: place).result(by: client)
    #expect(try warnings() == [])
  }

  @Test func collectionsOfOtherKindsAreNamed() throws {
    let server = try MongoServer()
    try server.python(
      "c.celery.create_collection('schedules.reactivebeat.history', capped=True, size=100000)\n"
        + "c.celery.create_collection('schedules', validator={'task': {'$type': 'string'}})")
    let found = try findings(server).filter { $0.check == "collections" }
    #expect(found.map(\.level) == [.warning, .problem] || found.map(\.level) == [.problem, .warning], "\(found)")
    #expect(found.contains { $0.text.contains("capped") && $0.fix?.contains("renameCollection") == true })
    #expect(found.contains { $0.text.contains("validator") && $0.fix?.contains("last_run_at") == true })
  }
}

/// A broker of which nothing is said.
private final class StillBroker: BrokerDoctor {
  private(set) var looks: [String] = []
  var broker: (any BrokerInspector)? { nil }

  func examineServer() { looks.append("server") }
  func examineRights() { looks.append("rights") }
  func examineRights(to queues: Set<[UInt8]>) {}
  func examineNames(of queues: Set<[UInt8]>) {}
  func remedy(forHidden rights: Set<String>) -> String { "" }
}
