import Testing

@testable import BeatCore
@testable import ReactiveBeat

/// The daemon itself with its schedules in MongoDB and the queues in Redis.
@Suite struct MongoDaemonTests {
  private let stage: Stage
  private let mongo: MongoServer

  init() throws { (stage, mongo) = (try Stage(), try MongoServer()) }

  private func daemon() throws -> Daemon {
    let daemon = try Daemon([
      "CELERY_MONGODB_SCHEDULER_URL": mongo.url(), "CELERY_BROKER_URL": stage.url(stage.brokerDatabase),
      "BEAT_WATCH_LEASE_TTL": "1",
    ])
    try daemon.wait(for: "ready")
    return daemon
  }

  /// Stores a document that runs every 200 ms, as another client does it. Nothing that is missed is left out.
  private func insert(_ name: String) throws {
    try mongo.python(
      """
      import datetime
      now = datetime.datetime.now(datetime.timezone.utc)
      c.celery.schedules.insert_one({
        "name": "\(name)", "task": "t", "enabled": True, "interval": {"every": 0.2, "period": "seconds"}, "catchup": "all",
        "last_run_at": now, "total_run_count": 0})
      """)
  }

  private func document(_ name: String) throws -> JSONValue {
    try #require(try stage.run("export", name, "--store-url", mongo.url()).json?["document"])
  }

  @Test func whatAnotherClientStoresAndEditsIsInForceAtOnce() throws {
    let daemon = try daemon()
    try mongo.python(
      """
      c.celery.schedules.insert_one({
        "_cls": "PeriodicTask", "name": "a", "task": "reports.build", "enabled": True, "args": [1, 2.5], "kwargs": {},
        "interval": {"every": 3600, "period": "seconds"}, "run_immediately": True, "total_run_count": 0})
      """)
    let fired = try daemon.wait(for: "fired", key: "a")
    #expect(eventually { stage.messages().count == 1 })
    let message = try #require(stage.messages().first)
    #expect(message.task == "reports.build" && message.id == fired["id"], "\(fired)")
    try mongo.python(
      """
      import datetime, time
      end = time.monotonic() + 60
      while c.celery.schedules.find_one({"name": "a"})["run_immediately"] and time.monotonic() < end:
        time.sleep(0.02)
      document = c.celery.schedules.find_one({"name": "a"})
      assert document["total_run_count"] == 1 and document["run_immediately"] is False, document
      assert isinstance(document["last_run_at"], datetime.datetime), document
      c.celery.schedules.update_one({"name": "a"}, {"$set": {"queue": "mails", "interval.every": 0.2}})
      """)
    #expect(eventually { stage.messages("mails").count >= 3 })
    #expect(stage.messages().count == 1)
    try mongo.python("c.celery.schedules.update_one({'name': 'a'}, {'$set': {'enabled': False}})")
    try daemon.wait(for: "changed", key: "a") { $0["next"] == "never" }
    let count = stage.messages("mails").count
    try mongo.python("c.celery.schedules.delete_one({'name': 'a'})")
    try daemon.wait(for: "removed", key: "a")
    #expect(stage.messages("mails").count == count)
    #expect(try daemon.stop() == .status(0))
  }

  /// Killed at any moment and started again, the daemon sends each occurrence once and in order.
  @Test func aKilledDaemonSendsNothingTwice() throws {
    try insert("a")
    for life in 0..<4 {
      let daemon = try daemon()
      let count = stage.messages().count
      #expect(eventually { stage.messages().count >= count + 4 }, "\(daemon.output)")
      if life < 3 { try daemon.kill() } else { try daemon.stop() }
    }
    let document = try document("a")
    let last = try #require(document["last_run_at"]?["$date"]?.number)
    let count = Int(try #require(document["total_run_count"]?.number))
    let key = MongoPlace(database: "celery", schedules: "schedules").taskIDs.bytes(of: EntryName("a"))
    let expected = (0..<count).reversed().map { back in
      let due = UnixTime(microseconds: (Int64(last) - Int64(back) * 200) * 1000)
      return TaskID(key: key, due: due, sha1: SHA1.digest).description
    }
    #expect(count >= 16 && stage.messages().map(\.id) == expected)
  }

  /// The server dies and comes back while the daemon works.
  @Test func aServerThatComesBack() throws {
    try insert("a")
    let daemon = try daemon()
    #expect(eventually { stage.messages().count >= 2 })
    mongo.kill()
    try daemon.wait(for: "disconnected")
    try mongo.start()
    let count = stage.messages().count
    #expect(eventually { stage.messages().count >= count + 4 }, "\(daemon.output)")
    try daemon.stop()
    let ids = stage.messages().map(\.id)
    #expect(Set(ids).count == ids.count)
    #expect(try document("a")["total_run_count"]?.number == Double(ids.count))
  }
}
