import Testing

@testable import BeatCore
@testable import BeatRedis
@testable import ReactiveBeat
@testable import beat_watch

/// Sentences that are the same for all stores, in the words of each.
@Suite struct StoreTermsTests {
  private let redis: any StoreTerms = RedisTerms()
  private let mongo: any StoreTerms

  init() throws { mongo = try StoreAddress("mongodb://localhost/celery").terms }

  private static let now = UnixTime(seconds: 1_800_000_000)

  /// The sentences about a fleet of which these are the members.
  private static func alarm(_ fleet: Fleet, _ terms: any StoreTerms) -> String {
    HealthWords.alarm(FiringHealth(fleet, now: now), now: now, terms) ?? ""
  }

  private static func ignored(_ count: Int) -> IgnoredNames {
    var names = IgnoredNames()
    names.add(count, longest: 2000, head: Array("x".utf8))
    return names
  }

  private static let frozen = Fleet.Member(
    instance: "i", record: nil, silence: Fleet.longestSilence + 1_000_000, holdsLease: true)

  /// Each sentence, by what it is about, in the words of a store.
  private static func sentences(_ terms: any StoreTerms) -> [String: String] {
    [
      "no report": alarm(Fleet(members: [], lease: nil, epoch: nil, trace: .unknown), terms),
      "speechless": alarm(Fleet(members: [], lease: nil, epoch: nil, trace: .connected("here")), terms),
      "frozen": alarm(
        Fleet(members: [frozen], lease: Fleet.Lease(token: "i:1", remaining: 3000), epoch: 1), terms),
      "outdated": HealthWords.oldRecord(frozen, terms),
      "names": ignored(2).words(terms) ?? "", "name": ignored(1).words(terms) ?? "",
      "neighbours": terms.neighbours([EntryName("celery.a"), EntryName("celery.b c")], of: "here"),
      "option": terms.option(for: EntryName("celery.b c")),
      "manifest": ManifestReplacement.problem(
        with: "new", inPlaceOf: Array(#"{"application": "old"}"#.utf8), terms) ?? "",
      "obstacle": terms.obstacle(UnusableContent(found: "a Redis list", problem: "holds what is wrong; mend it")),
      "missing": "\(ChangeProblem.missing(EntryName("n"), place: EntryName("p"), item: terms.item, store: "s"))",
    ]
  }

  @Test func ofRedis() {
    let sentences = Self.sentences(redis)
    #expect(sentences["no report"]?.contains("connected this user may not see (+client|list). Start ") == true)
    #expect(sentences["speechless"]?.contains("it is held up, or serves another --key-prefix; see ") == true)
    #expect(sentences["frozen"]?.contains("it is frozen, or cut off from Redis; look at it") == true)
    #expect(sentences["outdated"]?.hasSuffix("that daemon may not write it any more (HSET)") == true)
    #expect(
      sentences["names"]
        == "2 keys under the prefix are not read, nor is what stands there: a schedule's name "
        + "\(Limit.nameLength.excess(2000)); that one begins with \"x\"")
    #expect(sentences["name"]?.hasPrefix("1 key under the prefix is not read, nor is what stands there: ") == true)
    #expect(
      sentences["neighbours"]
        == "no schedule stands under here, and some under celery.a, celery.b c: is --key-prefix "
        + "(CELERY_REDIS_SCHEDULER_KEY_PREFIX) right?")
    #expect(sentences["option"] == "--key-prefix 'celery.b c'")
    #expect(
      sentences["manifest"]
        == "under this prefix the application old has published its manifest, and this one is new: give each application "
        + "a key prefix of its own, name them alike by the setting reactivebeat_application, or replace it")
    #expect(
      sentences["obstacle"]
        == "holds a Redis list, and a schedule is a string: delete that key, or choose another name")
    #expect(sentences["missing"] == "no schedule n: no key p in s")
  }

  @Test func ofMongoDB() {
    let sentences = Self.sentences(mongo)
    for (about, text) in sentences where about != "obstacle" {
      #expect(
        !["Redis", "REDIS", "key", "prefix", "HSET", "+", "string"].contains { text.contains($0) }, "\(about): \(text)")
      #expect(!text.isEmpty, "\(about)")
    }
    #expect(sentences["no report"]?.contains("may not see (the role clusterMonitor). Start ") == true)
    #expect(sentences["frozen"]?.contains("cut off from MongoDB") == true)
    #expect(sentences["name"]?.hasPrefix("1 document of the collection is not read: ") == true)
    #expect(
      sentences["neighbours"]
        == "no schedule stands in the collection here, and some in the collection celery.a, celery.b c: is "
        + "--store-collection (CELERY_MONGODB_SCHEDULER_COLLECTION) right?")
    #expect(sentences["option"] == "--store-collection 'b c'")
    #expect(sentences["obstacle"] == "holds what is wrong; mend it")
    #expect(sentences["missing"] == "no schedule n: no document p in s")
  }
}

/// What the commands say of documents in a MongoDB store.
@Suite struct MongoCommandTests {
  @Test func nothingIsSaidInTheWordsOfRedis() throws {
    let server = try MongoServer()
    try server.python(
      """
      import bson
      s = c.celery.schedules
      base = {"task": "t", "enabled": True, "interval": {"every": 1, "period": "hours"}}
      s.insert_one({"name": "ok", **base})
      s.insert_one({"name": "odd", "args": [bson.ObjectId()], **base})
      s.insert_one({"name": "x" * 2000, **base})
      """)
    let url = server.url("directConnection=true")
    func run(_ arguments: String...) throws -> CommandRun {
      try CommandRun(arguments + ["--store-url", url], environment: ["NO_COLOR": "1"])
    }
    let texts = try [
      run("status"), run("show", "nobody"), run("show", "ok"), run("set", "odd", "--every", "5m"), run("lint"),
      run("export"), run("list", "--store-collection", "empty"), run("explain", "odd"), run("disable", "nobody"),
    ].map { ($0.lines + $0.notes).joined(separator: "\n") }
    for text in texts {
      #expect(!["Redis", " key", "prefix", "HSET", "+xrevrange", "a string"].contains { text.contains($0) }, "\(text)")
    }
    #expect(texts[1].contains("no document celery.schedules {name: \"nobody\"} in mongodb://"), "\(texts[1])")
    #expect(texts[2].contains("\ndocument    celery.schedules {name: \"ok\"}\n"), "\(texts[2])")
    #expect(texts[3].contains("celery.schedules {name: \"odd\"} holds "), "\(texts[3])")
    #expect(texts[3].contains("in args[0], which Celery cannot send as JSON"), "\(texts[3])")
    #expect(texts[4].contains("1 document of the collection is not read: "), "\(texts[4])")
    #expect(
      texts[5].contains("celery.schedules {name: \"odd\"} ") && texts[5].contains("; it is left out"), "\(texts[5])")
    #expect(
      texts[6].contains("in the collection celery.schedules: is --store-collection"), "\(texts[6])")
  }
}
