@testable import BeatCore

extension FuzzTarget {
  /// A file of another system's schedules: what is read of each, and the document that is made of it.
  static let importFile = FuzzTarget(
    "import",
    words: documentWords + [
      #"{"$oid": "5f0e1a2b3c4d5e6f70819203"}"#, #"{"$date": {"$numberLong": "1772452500123"}}"#,
      #"{"$numberInt": "5"}"#,
      "ObjectId('5f0e1a2b3c4d5e6f70819203')", "ISODate('2014-08-30T08:10:06Z')", "Long('5')", "undefined", "new ",
      #""_cls": "#, #""max_run_count": 0"#, #"{"model": "django_celery_beat.periodictask", "pk": 1, "fields": {"#,
      #""interval": 3"#, #""crontab": 3"#, #""clocked": 3"#, #""start_time": "2026-03-01T00:00:00Z""#,
      #""expire_seconds": 9"#, #"{"key": "a", "document": {"#, #""text": "#, #""key_base64": "/w==""#,
      #""document_base64": "/g==""#,
    ],
    seeds: {
      (SampleDocuments.all + [
        #"{"_id":{"$oid":"5f0e1a2b3c4d5e6f70819203"},"_cls":"PeriodicTask","name":"s","task":"t","interval":{"every":"#
          + #"{"$numberInt":"10"},"period":"minutes"},"args":[{"$numberDouble":"2.0"}],"max_run_count":0}"#,
        "[{ _id: ObjectId('5f0e1a2b3c4d5e6f70819203'), name: 'a', task: \"t\", kwargs: { 'a-b': Long('5') } }]",
        #"[{"model": "django_celery_beat.intervalschedule", "pk": 3, "fields": {"every": 1, "period": "hours"}}, "#
          + #"{"model": "django_celery_beat.clockedschedule", "pk": 3, "fields": {"clocked_time": "2026-03-01"}}, "#
          + #"{"model": "django_celery_beat.periodictask", "pk": 1, "fields": {"name": "a", "task": "t", "#
          + #""interval": 3, "args": "[1]", "kwargs": "{\"a\": 1}", "last_run_at": "2026-03-02T11:30:00"}}]"#,
        #"{"key": "report", "document": {"name": "a"}}"#, #"{"key_base64": "/w==", "document_base64": "/g=="}"#,
      ]).map { Array($0.utf8) }
    },
    check: { bytes in
      for form in [nil] + ImportFile.Form.allCases.map(Optional.some) {
        let schedules: [ImportedSchedule]
        do throws(ImportError) { schedules = try ImportFile.schedules(bytes, form: form, importSettings) } catch {
          try holdOneLine(error.description)
          continue
        }
        for schedule in schedules.prefix(20) { try holdImport(schedule, isAccepted: form != .export && form != nil) }
      }
    })

  /// The hash of a RedBeat entry. The input is a byte that says what else is known of the entry, the definition, a zero
  /// byte, and the meta.
  static let redBeat = FuzzTarget(
    "redbeat",
    words: [
      #""schedule": "#, #"{"__type__": "interval", "every": 60.0, "relative": true}"#, #""__type__": "rrule""#,
      #""freq": 3"#, #""interval": 2"#, #""count": 3"#, #""until": 1772460000"#, #""dtstart": 1772450000.5"#,
      #""byhour""#,
      #"{"__type__": "datetime", "year": 2026, "month": 3, "day": 2, "timezone": "Europe/Berlin"}"#,
      #""timezone": -18000"#,
      "\u{0}", "9223372036854775807", "-1", "1e300",
    ],
    seeds: {
      [
        #"1{"name": "a", "task": "t", "args": [1], "kwargs": {}, "options": {"queue": "q"}, "enabled": true, "schedule": "#
          + #"{"__type__": "interval", "every": 60.0, "relative": false}}"# + "\u{0}"
          + #"{"last_run_at": {"__type__": "datetime", "year": 2026, "month": 3, "day": 2, "hour": 12, "minute": 0, "#
          + #""second": 0, "microsecond": 7, "timezone": "UTC"}, "total_run_count": 4}"#,
        #"1{"name": "a", "task": "t", "schedule": {"__type__": "rrule", "freq": 3, "interval": 2, "dtstart": 1771804800, "#
          + #""count": 9, "byhour": null}}"# + "\u{0}" + #"{"last_run_at": null}"#,
        #"1{"name": "a", "task": "t", "schedule": {"__type__": "crontab", "minute": 5, "hour": "*"}}"#,
      ].map { Array($0.utf8) }
    },
    check: { bytes in
      let parts = bytes.dropFirst().split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false).map {
        Array($0)
      }
      let entry = RedBeatEntry(
        name: [0x61], definition: parts.first, meta: parts.count > 1 ? parts[1] : nil,
        score: bytes.first.map { Double($0) }, isStatic: bytes.first == 0x32)
      try holdImport(entry.imported(importSettings), isAccepted: true)
    })

  private static let importSettings = ImportSettings(
    documents: FuzzZones.context, timezone: nil, now: UnixTime(seconds: 1_772_452_800))

  /// - Parameter isAccepted: whether the daemon must accept the document.
  private static func holdImport(_ schedule: ImportedSchedule, isAccepted: Bool) throws {
    try holdOneLine(schedule.name.description, upTo: .max)
    for note in schedule.notes { try holdOneLine(note) }
    if let problem = schedule.problem {
      try holdOneLine(problem)
      return try hold(schedule.document.isEmpty, "a problem, and a document")
    }
    if isAccepted { _ = try ScheduleDocument(schedule.document, context: FuzzZones.context) }
    // An exported schedule must be imported as it was.
    let line = ExportLine.text(schedule.name, schedule.document)
    try hold(!line.contains(0x0A), "an export of two lines")
    let back = try ImportFile.schedules(line, form: .export, importSettings)
    try hold(
      back.first?.document == schedule.document && back.first?.name == schedule.name, "an export that is another one")
  }
}
