import Testing

@testable import BeatCore

/// A new kind of schedules fails here at each place that does not know it, unless the compiler has reported the place.
@Suite("ScheduleKind: each kind is known at every place that depends on the kind")
struct ScheduleKindTests {
  private static func document(_ kind: ScheduleKind) -> String {
    Sample.document("\"\(kind.rawValue)\": \(kind.form.example)", interval: nil)
  }

  private static func schedule(_ kind: ScheduleKind) throws -> Schedule {
    try Sample.read(document(kind)).definition.schedule
  }

  private static func written(_ kind: ScheduleKind) throws -> WrittenSchedule {
    WrittenSchedule(kind, try DocumentLayout(Array(kind.form.example.utf8)), leavingOut: [])
  }

  @Test(arguments: ScheduleKind.allCases)
  func isReadFromItsField(_ kind: ScheduleKind) throws {
    #expect(try Self.schedule(kind).kind == kind)
    let problem = Sample.problem(Sample.document("\"\(kind.rawValue)\": 5", interval: nil))
    #expect(problem == "\(kind.rawValue) 5: expected an object")
  }

  @Test(arguments: ScheduleKind.allCases, ScheduleKind.allCases)
  func isWrittenInThePlaceOfAny(_ kind: ScheduleKind, _ other: ScheduleKind) throws {
    let written = try Self.written(kind)
    #expect(written.json == kind.form.example)
    var editor = try DocumentEditor(Array(Self.document(other).utf8))
    written.write(to: &editor)
    #expect(String(editor.bytes) == Self.document(kind))
    #expect(try Sample.read(String(editor.bytes)).definition.schedule == Self.schedule(kind))
  }

  @Test(arguments: ScheduleKind.allCases)
  func isWrittenIntoItsOwnKind(_ kind: ScheduleKind) throws {
    let more = "\(kind.form.example.dropLast()), \"_cls\": \"x\"}"
    var editor = try DocumentEditor(
      Array(Sample.document("\"\(kind.rawValue)\": \(more)", interval: nil).utf8))
    let before = editor.bytes
    try Self.written(kind).write(to: &editor)
    #expect(editor.bytes == before)
  }

  @Test func isToldInWordsOfItsOwn() throws {
    let schedules = try ScheduleKind.allCases.map(Self.schedule)
    #expect(Set(schedules.map(\.inWords)).count == schedules.count)
    #expect(Set(schedules.map(\.briefly)).count == schedules.count)
    let digests = schedules.map { schedule in
      var digest = ScheduleDigest()
      schedule.combine(into: &digest)
      return digest
    }
    #expect(Set(digests).count == schedules.count)
    #expect(!schedules.contains { $0.inWords.isEmpty || $0.briefly.isEmpty })
  }

  @Test(arguments: ScheduleKind.allCases)
  func isDue(_ kind: ScheduleKind) throws {
    let schedule = try Self.schedule(kind)
    let due = try #require(schedule.nextDue(after: Sample.noon, base: Sample.noon))
    #expect(due > Sample.noon)
    #expect((schedule.nextDue(after: due, base: due) != nil) == kind.comesAgain)
    #expect(schedule.comesOnce != kind.comesAgain)
    #expect((schedule.shortestGap != nil) == kind.comesAgain)
    #expect(schedule.pace > 0)
    #expect((schedule.zone != nil) == kind.followsWallClock)
  }

  /// The review knows the kind's field, names a kind that comes again in its advice for a document without a schedule,
  /// and recognises a slip.
  @Test(arguments: ScheduleKind.allCases)
  func isKnownToTheReview(_ kind: ScheduleKind) throws {
    #expect(DocumentFields.known.contains(kind.rawValue))
    #expect(DocumentFields.near(String(kind.rawValue.dropLast())) == kind.rawValue)
    for synonym in kind.form.synonyms { #expect(DocumentFields.near(synonym) == kind.rawValue) }
    let advice = try #require(Sample.problem(Sample.document(interval: nil)))
    #expect(advice.contains("\"\(kind.rawValue)\": \(kind.form.example)") == kind.comesAgain)
    let review = DocumentReview(Array(Self.document(kind).utf8), context: Sample.context, now: Sample.noon)
    #expect(review.remarks.isEmpty, "\(review.remarks)")
    let wrong = DocumentReview(
      Array(Sample.document("\"\(kind.rawValue)\": 5", interval: nil).utf8), context: Sample.context, now: Sample.noon)
    #expect(wrong.remarks.filter { $0.level == .error }.map(\.field) == [kind.rawValue])
    #expect(ScheduleField.isPresent(in: try DocumentLayout(Array(Self.document(kind).utf8))))
  }

  // MARK: import

  /// The kind's example as the other schedulers write it: django-celery-beat's row and RedBeat's value.
  private static func rows(_ kind: ScheduleKind) -> (django: String, redBeat: String) {
    switch kind {
    case .interval:
      (#"{"every": 5, "period": "minutes"}"#, #"{"__type__": "interval", "every": 300, "relative": false}"#)
    case .crontab: (#"{"minute": "0", "timezone": null}"#, #"{"__type__": "crontab", "minute": "0"}"#)
    // The instant is 2030-01-01, and the rule has one occurrence.
    case .clocked:
      (
        #"{"clocked_time": "2030-01-01T00:00:00Z"}"#,
        #"{"__type__": "rrule", "dtstart": 1893456000, "freq": 3, "count": 1}"#
      )
    }
  }

  @Test(arguments: ScheduleKind.allCases)
  func isImportedAsADocument(_ kind: ScheduleKind) throws {
    let mongo = "{\"_id\": {\"$oid\": \"0\"}, \(Self.document(kind).dropFirst())"
    for text in [Self.document(kind), "{\"a\": \(Self.document(kind))}", mongo] {
      let schedules = try ImportSample.read(text)
      #expect(schedules.map(\.problem) == [nil])
      #expect(try schedules.first?.read?.definition.schedule == Self.schedule(kind))
    }
  }

  @Test(arguments: ScheduleKind.allCases)
  func isImportedFromDjango(_ kind: ScheduleKind) throws {
    let row =
      "{\"model\": \"django_celery_beat.\(kind.rawValue)schedule\", \"pk\": 3, \"fields\": \(Self.rows(kind).django)}"
    let task =
      #"{"model": "django_celery_beat.periodictask", "pk": 1, "fields": {"name": "a", "task": "t", "#
      + "\"\(kind.rawValue)\": 3}}"
    let schedule = try #require(try ImportSample.read("[\(row), \(task)]").first)
    #expect(schedule.problem == nil)
    #expect(try schedule.read?.definition.schedule == Self.schedule(kind))
  }

  @Test(arguments: ScheduleKind.allCases)
  func isImportedFromRedBeat(_ kind: ScheduleKind) throws {
    let definition =
      "{\"name\": \"a\", \"task\": \"t\", \"schedule\": \(Self.rows(kind).redBeat), \"enabled\": true}"
    let schedule = RedBeatEntry(
      name: Array("a".utf8), definition: Array(definition.utf8), meta: nil, score: 1, isStatic: false
    ).imported(ImportSample.settings)
    #expect(schedule.problem == nil)
    #expect(try schedule.read?.definition.schedule == Self.schedule(kind))
  }
}
