import Testing

@testable import BeatCore
@testable import ReactiveBeat

/// Documents of a MongoDB collection are imported from its server as from a file of it, and come out again.
@Suite struct MongoImportTests {
  private let stage: Stage
  private let mongo: MongoServer
  private static let context: DocumentContext = {
    let zones = ZoneDirectory()
    return DocumentContext(defaultZone: .utc) { name throws(ZoneError) in try zones.zone(name) }
  }()

  init() throws {
    (stage, mongo) = (try Stage(), try MongoServer())
  }

  /// Stores what three real schedulers have stored, each under a name of its own.
  private func storeDocuments() throws {
    let file = ProjectFolder.root + "/Tests/BeatMongoTests/Oracles/schedules.txt"
    try mongo.python(
      """
      import bson
      for number, line in enumerate(open("\(file)")):
        document = bson.decode(bytes.fromhex(line.split()[0]))
        document.pop("_id")
        c.celery.schedules.insert_one(document | {"name": f"{document['name']} {number}"})
      """)
  }

  /// The collection as mongoexport writes it.
  private func export(canonical: Bool) throws -> String {
    let file = mongo.folder + "/\(canonical).json"
    try mongo.python(
      """
      from bson import json_util
      options = json_util.\(canonical ? "CANONICAL" : "RELAXED")_JSON_OPTIONS
      with open("\(file)", "w") as file:
        for document in c.celery.schedules.find().sort("_id"):
          print(json_util.dumps(document, json_options=options), file=file)
      """)
    return file
  }

  private func document(_ key: String) throws -> ScheduleDocument {
    try ScheduleDocument(try #require(stage.store("GET", key)?.bytes, "\(key)"), context: Self.context)
  }

  private func names() -> [String] {
    (stage.store("KEYS", stage.prefix + "*")?.array ?? []).compactMap {
      $0.text.map { String($0.dropFirst(stage.prefix.count)) }
    }
  }

  @Test func aServerAndAFileOfItAreTheSame() throws {
    try storeDocuments()
    let dry = try stage.run("import", "--from-mongo", mongo.url(), "--timezone", "Europe/Berlin", "--dry-run")
    #expect(dry.exit == .status(0), "\(dry.text)")
    #expect(dry.lines.last == "16 would be written" && stage.store("DBSIZE")?.integer == 0, "\(dry.text)")
    let live = try stage.run("import", "--from-mongo", mongo.url(), "--timezone", "Europe/Berlin")
    #expect(live.lines.last == "16 written" && live.exit == .status(0), "\(live.text)")
    for isCanonical in [false, true] {
      let file = try export(canonical: isCanonical)
      let prefix = "\(isCanonical):"
      #expect(try stage.run("import", file, "--timezone", "Europe/Berlin", "--key-prefix", prefix).lines == live.lines)
      for name in names() { #expect(try document(prefix + name) == document(stage.key(name)), "\(name)") }
    }
    #expect(names().count == 16)
    let again = try stage.run("import", "--from-mongo", mongo.url(), "--timezone", "Europe/Berlin")
    #expect(again.lines.last == "0 written, 16 there already")
  }

  /// The export of a store in MongoDB has the bytes that an import from there writes; and from Redis the documents come
  /// back into a collection as they were.
  @Test func throughAnExportAndBack() throws {
    try storeDocuments()
    #expect(try stage.run("import", "--from-mongo", mongo.url()).exit == .status(0))
    let out = try stage.run("export", "--store-url", mongo.url())
    let lines = out.lines.map { $0 + "\n" }.joined()
    #expect(try stage.run("import", "-", "--key-prefix", "exported:", input: lines).lines.last == "16 written")
    for name in names() { #expect(stage.store("GET", "exported:" + name)?.text == stage.document(name), "\(name)") }

    let back = try stage.run("export").lines.map { $0 + "\n" }.joined()
    let copied = try stage.run(
      "import", "-", "--store-url", mongo.url(), "--store-collection", "back", input: back)
    #expect(copied.lines.last == "16 written", "\(copied.text)")
    try mongo.python(
      """
      def documents(name):
        return {document["name"]: {key: value for key, value in document.items() if key != "_id"}
                for document in c.celery[name].find()}
      before, after = documents("schedules"), documents("back")
      for name in before:
        if when := before[name]["kwargs"].get("when"):  # An argument stays as it was sent.
          before[name]["kwargs"]["when"] = {"__type__": "datetime", "__value__": when.isoformat(timespec="microseconds")}
      assert len(before) == 16 and before == after, (before, after)
      for name in before:
        assert list(before[name]) == list(after[name]), name
      """)
  }

  @Test func betweenTwoCollections() throws {
    try storeDocuments()
    let store = ["--store-url", mongo.url(), "--store-collection", "copy"]
    let run = try stage.run(["import", "--from-mongo", mongo.url()] + store)
    #expect(run.lines.last == "16 written" && run.exit == .status(0), "\(run.text)")
    let source = try stage.run("export", "--store-url", mongo.url()).lines
    #expect(try stage.run(["export"] + store).lines == source)

    let itself = try stage.run("import", "--from-mongo", mongo.url(), "--store-url", mongo.url())
    #expect(itself.exit == .status(64) && itself.lines.count == 1)
    #expect(itself.text.hasPrefix("beat-watch: --from-mongo: celery.schedules there is the store itself: "))
  }

  @Test func whatCannotComeIsTold() throws {
    try mongo.python(
      """
      from bson import ObjectId
      common = {"_cls": "PeriodicTask", "task": "t", "enabled": True, "queue": "q",
                "interval": {"every": 5, "period": "minutes"}}
      for more in [{"name": "oid", "kwargs": {"id": ObjectId()}}, {"name": "bytes", "args": [b"a"]}, {"name": "raw"},
                   {"name": "long", "args": ["x" * 2**21]}, {"name": 7}, {"name": "raw", "task": "second"}, {"name": "off"}]:
        document = common | more
        if more["name"] == "raw":
          document.pop("_cls")
        if more["name"] == "off":
          document.pop("enabled")
        c.celery.schedules.insert_one(document)
      """)
    let run = try stage.run("import", "--from-mongo", mongo.url())
    #expect(run.exit == .status(65))
    #expect(
      run.lines == [
        "cannot come oid: holds an ObjectId in kwargs.id, which Celery cannot send as JSON; store its 24 digits as text",
        "cannot come long: is 2097312 bytes long, and at most \(Limit.documentLength.most) are read",
        "cannot come (no name): has no name, by which a schedule is known",
        "cannot come raw: comes a second time in the source; the first one counts",
        "note raw: has no _cls: celerybeat-mongo left it out, and here it runs",
        "note off: has no \"enabled\", which celerybeat-mongo takes as false", "3 written, 4 cannot come",
      ])
    #expect(stage.document("bytes")?.contains(#""args": [{"__type__": "bytes", "__value__": "a"}]"#) == true)
    #expect(try document(stage.key("raw")).definition.task == "t")
    #expect(try !document(stage.key("off")).definition.enabled)
    let export = try stage.run("export", "oid", "--store-url", mongo.url())
    #expect(export.exit == .status(0) && export.lines.count == 1)
    #expect(
      export.text.hasPrefix(#"beat-watch: celery.schedules {name: "oid"} holds an ObjectId in kwargs.id, which "#)
        && export.text.hasSuffix("; it is left out"), "\(export.text)")
  }

  @Test func theURLMayBeInTheEnvironment() throws {
    try storeDocuments()
    try mongo.python("c.celery.schedules.rename('periodic')")
    let run = try stage.run(
      "import", "--from-collection", "periodic", environment: ["BEAT_WATCH_FROM_MONGO": mongo.url()])
    #expect(run.lines.last == "16 written" && run.exit == .status(0), "\(run.text)")
    let two = try stage.run(
      "import", environment: ["BEAT_WATCH_FROM_MONGO": mongo.url(), "BEAT_WATCH_FROM_REDIS": stage.url(3)])
    #expect(two.exit == .status(64) && two.text.hasPrefix("beat-watch: give one source"))
    let wrong = try stage.run("import", "--from-mongo", mongo.url())
    #expect(wrong.exit == .status(66) && wrong.lines.count == 1)
    #expect(
      wrong.text.hasPrefix(
        "beat-watch: no documents in celery.schedules of \(mongo.url()); there are schedules in celery.periodic: give "),
      "\(wrong.text)")
  }

  @Test(arguments: [
    (["--from-mongo", "redis://x"], 64, "--from-mongo: a MongoDB URL begins with mongodb://"),
    (["--from-mongo", "mongodb://localhost", "-"], 64, "give one source"),
    (["--from-collection", "x", "-"], 64, "--from-collection belongs to --from-mongo"),
    (["--from-mongo", "mongodb://localhost", "--from-collection", "a$"], 64, "--from-collection: a collection's name"),
    (["--from-mongo", "mongodb://beat:sesame@127.0.0.1:1/celery"], 69, "mongodb://beat:***@127.0.0.1:1/celery: "),
  ])
  func aMistakeGivesOneLine(_ arguments: [String], _ status: Int32, _ text: String) throws {
    let run = try stage.run(["import"] + arguments)
    #expect(run.exit == .status(status) && run.lines.count == 1, "\(run.text)")
    #expect(run.text.hasPrefix("beat-watch: " + text), "\(run.text)")
    #expect(!run.text.contains("sesame"))
  }
}

/// A server that lets in only the users whom it knows.
@Suite struct MongoImportRightsTests {
  @Test func whoMayNotReadIsToldTheRole() throws {
    let (stage, user) = (try Stage(), MongoServer.User())
    let mongo = try MongoServer(user: user)
    try mongo.python(
      "c.celery.schedules.insert_one({'name': 'a', 'task': 't', 'enabled': True, 'queue': 'q', 'interval': {'every': 5, "
        + "'period': 'minutes'}})", user: user)
    let url = mongo.url("authSource=admin", user: user)
    let run = try stage.run("import", "--from-mongo", url)
    #expect(run.lines == ["1 written"] && run.exit == .status(0), "\(run.text)")
    let wrong = try stage.run("import", "--from-mongo", mongo.url("authSource=admin", user: .init(password: "sesame")))
    #expect(wrong.exit == .status(77) && wrong.lines.count == 1, "\(wrong.text)")
    #expect(wrong.text.contains("the user or the password is wrong") && !wrong.text.contains("sesame"), "\(wrong.text)")
    let nobody = try stage.run("import", "--from-mongo", mongo.url())
    #expect(nobody.exit == .status(77) && nobody.lines.count == 1, "\(nobody.text)")
    #expect(nobody.text.contains(#"[{role: "read", db: "celery"}]"#), "\(nobody.text)")
  }
}
