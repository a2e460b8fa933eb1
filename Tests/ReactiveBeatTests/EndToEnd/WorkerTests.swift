import Testing

@testable import BeatCore
@testable import ReactiveBeat

/// Documents of each form go through the daemon to a real worker, which records what has reached it.
@Suite struct WorkerTests {
  /// Sets the document, and returns what the worker's task recorded and the daemon's `fired` line.
  private func run(
    _ document: String, on version: CeleryWorker.Version, _ name: String = "x"
  ) throws -> (record: JSONValue, line: LogLine, stage: Stage) {
    let worker = try CeleryWorker.shared(version)
    let stage = try Stage(on: worker.server, prefix: "tasks:\(UInt64.random(in: 0 ... .max)):")
    let daemon = try stage.daemon()
    stage.set(name, document)
    let line = try daemon.wait(for: "fired", key: stage.key(name))
    let record = try worker.record(line.text("id"))
    try daemon.stop()
    return (record, line, stage)
  }

  /// The form that celerybeat-redis documents. `last_run_at` is long ago, so the schedule is due at once.
  @Test(.needsWorkers, arguments: CeleryWorker.Version.allCases)
  func redisDocument(_ version: CeleryWorker.Version) throws {
    let (record, line, stage) = try run(
      """
      {
          "name": "weekly totals",
          "task": "recorder.record",
          "enabled": true,
          "interval": {
              "every": 7,
              "period": "days"
          },
          "args": [
              "north",
              3
          ],
          "kwargs": {
              "limit": 100
          },
          "total_run_count": 5,
          "last_run_at": {
              "__type__": "datetime",
              "year": 2025,
              "month": 8,
              "day": 30,
              "hour": 8,
              "minute": 10,
              "second": 6,
              "microsecond": 667
          }
      }
      """, on: version)
    #expect(record["task"] == .string("recorder.record"))
    #expect(record["args"] == .string("('north', 3)"))
    #expect(record["kwargs"] == .string("{'limit': 100}"))
    #expect(record["argsrepr"] == .string("['north', 3]"))
    #expect(record["kwargsrepr"] == .string("{'limit': 100}"))
    #expect(record["id"] == line["id"].map { .string($0) })
    #expect(record["root_id"] == record["id"])
    #expect(record["correlation_id"] == record["id"])
    #expect(record["parent_id"] == .null)
    #expect(record["eta"] == .null)
    #expect(record["expires"] == .null)
    #expect(record["retries"] == .number(0))
    #expect(record["exchange"] == .string(""))
    #expect(record["routing_key"] == .string("celery"))
    #expect(record["priority"] == .number(0))
    #expect(record["origin"]?.text?.hasPrefix("gen") == true)
    #expect(stage.document("x")?.contains(#""total_run_count": 6,"#) == true)
  }

  /// The form that celerybeat-redis' own code writes: `schedule` instead of `interval` or `crontab`.
  @Test(.needsWorkers, arguments: CeleryWorker.Version.allCases)
  func redisScheduleDocument(_ version: CeleryWorker.Version) throws {
    let (record, _, _) = try run(
      #"{"name": "n", "task": "recorder.record", "enabled": true, "schedule": {"every": 30, "period": "minutes"}, "#
        + #""args": [], "kwargs": {}, "options": {"queue": "slow", "priority": 7}, "running": false, "#
        + #""last_run_at": {"__type__": "datetime", "year": 2026, "month": 1, "day": 2}, "total_run_count": 0}"#,
      on: version)
    #expect(record["args"] == .string("()"))
    #expect(record["argsrepr"] == .string("()"))
    #expect(record["kwargs"] == .string("{}"))
    #expect(record["routing_key"] == .string("slow"))
    #expect(record["priority"] == .number(7))
  }

  /// The same form with a crontab, whose last occurrence was missed.
  @Test(.needsWorkers, arguments: CeleryWorker.Version.allCases)
  func redisCrontabDocument(_ version: CeleryWorker.Version) throws {
    let (record, line, _) = try run(
      #"{"name": "n", "task": "recorder.record", "enabled": true, "schedule": {"minute": "0", "hour": "0", "#
        + #""day_of_week": "*", "day_of_month": "1", "month_of_year": "*"}, "args": [1.5], "#
        + #""last_run_at": "2025-01-01T00:00:00"}"#,
      on: version)
    #expect(record["args"] == .string("(1.5,)"))
    #expect(line["due"]?.hasSuffix("-01T00:00:00Z") == true)
  }

  /// A document exported from celerybeat-mongo, with its options at the top level and the shell's constructors.
  @Test(.needsWorkers, arguments: CeleryWorker.Version.allCases)
  func mongoDocument(_ version: CeleryWorker.Version) throws {
    let (record, line, stage) = try run(
      """
      {
        "_id" : ObjectId("6566a0c1f3b2a4d5e6f70819"), "_cls" : "PeriodicTask",
        "name" : "close the books", "task" : "recorder.record", "enabled" : true,
        "interval" : { "every" : NumberLong(1), "period" : "hours" },
        "args" : [ "2026", true, null ], "kwargs" : { "dry" : false },
        "queue" : "slow", "priority" : 4, "expires" : 7200,
        "soft_time_limit" : 30, "time_limit" : 45.5,
        "headers" : { "tenant" : "acme", "weight" : 1.50 },
        "start_after" : null, "max_run_count" : 1000,
        "total_run_count" : NumberLong(41), "last_run_at" : ISODate("2026-11-01T00:00:00.250Z"),
        "run_immediately" : false, "description" : "month’s end"
      }
      """, on: version)
    #expect(record["args"] == .string("('2026', True, None)"))
    #expect(record["kwargs"] == .string("{'dry': False}"))
    #expect(record["timelimit"] == .string("[45.5, 30]"))
    #expect(record["headers"]?["tenant"] == .string("acme"))
    #expect(record["headers"]?["weight"] == .number(1.5))
    #expect(record["headers"]?["celery_beat_task"] == .bool(true))
    #expect(record["routing_key"] == .string("slow"))
    #expect(record["priority"] == .number(4))
    // It expires two hours after it was sent. The log's time of the fire is slightly later.
    let expires = try #require(record["expires"]?.text.flatMap { UnixTime(iso8601: $0) })
    #expect(try abs(expires.microseconds(since: line.time("ts")) - 7_200_000_000) < 1_000_000)
    let document = try #require(stage.document("x"))
    #expect(document.contains(#""total_run_count" : NumberLong(42), "last_run_at" : ISODate("20"#))
  }

  /// These arguments lose their spelling in any JSON library that decodes and encodes them.
  @Test(.needsWorkers, arguments: CeleryWorker.Version.allCases)
  func spellingOfArguments(_ version: CeleryWorker.Version) throws {
    let args =
      #"[NaN, -Infinity, 1234567890123456789012345678901234567890, 1e+22, 1.0, 1E5, "☃ é", "\u2603\ud83d\ude00"]"#
    let kwargs =
      #"{"größe": {"b": 1, "a": [[]]}, "when": {"__type__": "datetime", "__value__": "2026-01-02T03:04:05"}}"#
    let (record, _, _) = try run(
      schedule("n", task: "recorder.record", #", "args": \#(args), "kwargs": \#(kwargs)\#(atOnce)"#), on: version)
    #expect(
      record["args"]
        == .string(
          "(nan, -inf, 1234567890123456789012345678901234567890, 1e+22, 1.0, 100000.0, '☃ é', '☃😀')"))
    #expect(
      record["kwargs"]
        == .string("{'größe': {'b': 1, 'a': [[]]}, 'when': datetime.datetime(2026, 1, 2, 3, 4, 5)}"))
    #expect(
      record["argsrepr"]
        == .string(
          "[nan, -inf, 1234567890123456789012345678901234567890, 1e+22, 1.0, 100000.0, '☃ é', '☃😀']"))
  }

  /// The worker takes messages from each of kombu's priority lists.
  @Test(.needsWorkers, arguments: CeleryWorker.Version.allCases, [0, 3, 6, 9])
  func priority(_ version: CeleryWorker.Version, _ priority: Int) throws {
    let (record, _, _) = try run(
      schedule("n", task: "recorder.record", #", "priority": \#(priority)\#(atOnce)"#), on: version)
    #expect(record["priority"] == .number(Double(priority)))
  }

  /// The message leaves it to the task whether its result is stored.
  @Test(.needsWorkers, arguments: CeleryWorker.Version.allCases)
  func resultsAreTheTasksBusiness(_ version: CeleryWorker.Version) throws {
    let results = try CeleryWorker.shared(version).server.client()
    results("SELECT", "2")
    let (silent, _, _) = try run(schedule("n", task: "recorder.silent", atOnce), on: version)
    // The worker runs one task after the other: when the next result is stored, the silent one would be.
    let (loud, _, _) = try run(schedule("n", task: "recorder.record", atOnce), on: version)
    let (silentID, loudID) = try (#require(silent["id"]?.text), #require(loud["id"]?.text))
    #expect(eventually { results("EXISTS", "celery-task-meta-\(loudID)")?.integer == 1 })
    #expect(results("EXISTS", "celery-task-meta-\(silentID)")?.integer == 0)
    // Only the task has decided.
    #expect(loud["ignore_result"] != .bool(true))
  }
}
