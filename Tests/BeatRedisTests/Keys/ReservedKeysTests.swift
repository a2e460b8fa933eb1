import Testing

@testable import BeatCore
@testable import BeatRedis

@Suite("Keys that are no queues: kombu's, results', our own, the schedules' where they share a database")
struct ReservedKeysTests {
  private static func options(_ json: String) throws -> TransportOptions {
    try TransportOptions(json: Array(json.utf8))
  }

  private static func keys(_ json: String = "{}", documents: String? = "tasks:meta:") throws -> ReservedKeys {
    ReservedKeys(try options(json), documents: documents.map { Array($0.utf8) })
  }

  @Test(arguments: [
    ("unacked", "(unacked_key)"), ("unacked_index", "(unacked_index_key)"), ("unacked_mutex", "(unacked_mutex_key)"),
    ("_kombu.binding.celery", #""_kombu.""#), ("_kombu.binding_permanent.celery", #""_kombu.""#),
    ("_kombu.binding_deadlines", #""_kombu.""#), ("/0.celeryev", "broadcasts"), ("/15.x/y", "broadcasts"),
    ("celeryev", "events"), ("celeryev.1b4e28ba", "events"), ("celery@host.celery.pidbox", "commands to workers"),
    ("1b4e28ba.reply.celery.pidbox", "commands to workers"), ("celery-task-meta-1b4e28ba", "result"),
    ("app_celery-task-meta-1b4e28ba", "result"), ("celery-taskset-meta-1.j", "result"), ("chord-unlock-1", "result"),
    ("reactivebeat:tasks:meta:lease", "beat-watch"), ("reactivebeat:tasks:meta:epoch", "beat-watch"),
    ("reactivebeat:tasks:meta:history", "beat-watch"), ("reactivebeat:tasks:meta:manual", "beat-watch"),
    ("reactivebeat:tasks:meta:mark", "beat-watch"), ("reactivebeat:tasks:meta:receipts", "beat-watch"),
    ("reactivebeat:tasks:meta:outbox", "beat-watch"), ("reactivebeat:other:lease", "beat-watch"),
    ("reactivebeat:dedup:1b4e28ba", "beat-watch"), ("tasks:meta:x", "the schedules' key prefix tasks:meta:"),
    ("tasks:meta:", "the schedules' key prefix"),
  ])
  func areRefused(_ name: String, _ why: String) throws {
    let problem = try #require(try Self.keys().problem(name))
    #expect(problem.hasPrefix("is not a queue: ") && problem.contains(why), "\(problem)")
    // The same for what an exchange leads to.
    #expect(try Self.keys().problem(Array(name.utf8)) == problem)
  }

  @Test(arguments: [
    "celery", "unacked2", "my.unacked", "reactivebeat", "kombu", "_kombu", "tasks:met", "celery-task", "celeryevents",
    "pidbox", "/home", "/0", "/x.y", "/", "c", "{beat}celery", "größe", "chord-unlock", "RESULTS", "unacke",
  ])
  func othersAreNot(_ name: String) throws {
    #expect(try Self.keys().problem(name) == nil)
  }

  /// Every key that the project itself names.
  @Test func allOfOurs() throws {
    let keys = RedisKeys(prefix: "p:")
    let reserved = try Self.keys(documents: nil)
    for key in [
      keys.watermark, keys.outbox, keys.receipts, keys.history, keys.manual, keys.answer(to: "r"), keys.daemons,
      keys.lease,
      keys.epoch, keys.incarnation, keys.heartbeat("i"), keys.offer, keys.rehearsalQueue, keys.ownPrefix,
      RedisKeys.delivered("x"), RedisKeys(rehearsing: keys, as: "i").lease,
    ] {
      #expect(reserved.problem(key) != nil, "\(EntryName(key))")
    }
  }

  /// In another database, or on another server, a queue may be named as a schedule's key is.
  @Test func schedulesOfAnotherDatabaseAreInNobodysWay() throws {
    #expect(try Self.keys(documents: nil).problem("tasks:meta:x") == nil)
    #expect(try Self.keys(documents: "").problem("celery") == nil)
    #expect(try Self.keys(documents: nil).problem("reactivebeat:tasks:meta:lease") != nil)
  }

  @Test func theWorkersOwnNamesAreHonoured() throws {
    let renamed = try Self.keys(#"{"unacked_key": "mine", "unacked_mutex_key": "lock", "fanout_prefix": "fan{db}."}"#)
    #expect(try #require(renamed.problem("mine")).contains("(unacked_key)"))
    #expect(try #require(renamed.problem("lock")).contains("(unacked_mutex_key)"))
    #expect(try #require(renamed.problem("unacked_index")).contains("(unacked_index_key)"))
    #expect(try #require(renamed.problem("fan0.x")).contains("broadcasts"))
    #expect(renamed.problem("unacked") == nil)
  }

  /// With a prefix the workers' keys are elsewhere, and ours may be reached through it.
  @Test func theGlobalPrefixIsPutBefore() throws {
    let shop = try Self.keys(#"{"global_keyprefix": "shop-"}"#)
    #expect(shop.problem("unacked") != nil && shop.problem("_kombu.binding.x") != nil)
    #expect(shop.problem("reactivebeat:tasks:meta:lease") == nil && shop.problem("tasks:meta:x") == nil)
    let split = try Self.keys(#"{"global_keyprefix": "react"}"#)
    #expect(try #require(split.problem("ivebeat:tasks:meta:lease")).contains("beat-watch"))
    let tasks = try Self.keys(#"{"global_keyprefix": "task"}"#)
    #expect(try #require(tasks.problem("s:meta:x")).contains("key prefix"))
  }

  /// A priority makes another key of the name.
  @Test func aPriorityDoesNotLeadThere() throws {
    let keys = try Self.keys(
      #"{"sep": ":", "priority_steps": [0, 1, 2], "unacked_key": "jobs:1"}"#, documents: "tasks:2")
    #expect(try #require(keys.problem("jobs")).contains("(unacked_key)"))
    #expect(try #require(keys.problem("tasks")).contains("key prefix"))
    #expect(try #require(keys.problem("reactivebeat")).contains("beat-watch"))
    #expect(keys.problem("job") == nil && keys.problem("task") == nil)
    // Also where no list has the queue's own name.
    #expect(try Self.keys(#"{"priority_steps": [3, 6]}"#).problem("unacked") != nil)
  }

  // MARK: in documents

  private func problem(_ fields: String) throws -> DocumentProblem? {
    var context = Sample.context
    context.nameProblem = try Self.keys().problem
    do throws(DocumentProblem) {
      _ = try ScheduleDocument(Array(Sample.document(fields).utf8), context: context)
      return nil
    } catch { return error }
  }

  @Test(arguments: ["queue", "exchange", "routing_key"])
  func aDocumentIsRefused(_ field: String) throws {
    // An exchange and a routing key count together.
    func problem(_ fields: String) throws -> DocumentProblem? {
      let other = ["exchange": #", "routing_key": "k""#, "routing_key": #", "exchange": "e""#][field] ?? ""
      return try self.problem(fields + other)
    }
    let top = try #require(try problem(#""\#(field)": "unacked""#))
    #expect(
      top.description
        == #"\#(field) "unacked": is not a queue: it is the workers' own key (unacked_key), and a worker ends where"#
        + " a list stands there; name another one")
    #expect(try problem(#""options": {"\#(field)": "reactivebeat:dedup:x"}"#)?.field == "options.\(field)")
    // As it is read, not as it is spelled.
    #expect(try problem(#""\#(field)": "\u0075nacked""#)?.field == field)
    #expect(try problem(#""\#(field)": "unacked2""#) == nil)
  }

  /// An exchange without a routing key decides nothing, nor a queue beside both.
  @Test func whatDecidesNothingMayHaveAnyName() throws {
    #expect(try problem(#""queue": "celery", "exchange": "unacked""#) == nil)
    #expect(try problem(#""queue": "celery", "routing_key": "unacked""#) == nil)
    #expect(try problem(#""queue": "unacked", "exchange": "e", "routing_key": "k""#) == nil)
    #expect(try problem(#""exchange": "unacked""#) == nil)
  }

  @Test func theTopLevelCounts() throws {
    #expect(try problem(#""queue": "celery", "options": {"queue": "unacked"}"#) == nil)
    #expect(try problem(#""queue": "", "exchange": null"#) == nil)
  }

  /// `lint` names all of them at once.
  @Test func aReviewNamesEach() throws {
    var context = Sample.context
    context.nameProblem = try Self.keys().problem
    let text = Sample.document(#""exchange": "celeryev", "routing_key": "_kombu.x""#, #""queue": "unacked""#)
    let remarks = DocumentReview(Array(text.utf8), context: context, now: Sample.noon).remarks
    // What is refused is left out, and then the queue decides.
    #expect(remarks.filter { $0.level == .error }.map(\.field) == ["exchange", "queue"])
  }
}
