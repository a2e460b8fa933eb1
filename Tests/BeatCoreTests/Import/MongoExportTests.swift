import Testing

@testable import BeatCore

/// Documents of celerybeat-mongo in the three forms that MongoDB's tools export.
@Suite struct MongoExportTests {
  /// What mongoengine saves for `PeriodicTask(name=…, interval=…)`, exported by `mongoexport --jsonFormat=canonical`.
  private static let canonical = #"""
    {"_id":{"$oid":"5f0e1a2b3c4d5e6f70819203"},"_cls":"PeriodicTask","name":"sync","task":"shop.sync","enabled":true,"interval":{"_cls":"Interval","every":{"$numberInt":"10"},"period":"minutes"},"args":[{"$numberInt":"7"},{"$numberDouble":"2.0"},{"$numberLong":"9007199254740993"}],"kwargs":{"since":{"$date":{"$numberLong":"1409386206250"}},"deep":{"list":[{"$numberInt":"-1"}]}},"last_run_at":{"$date":{"$numberLong":"1772452500123"}},"total_run_count":{"$numberLong":"41"},"max_run_count":{"$numberInt":"0"},"soft_time_limit":{"$numberInt":"30"},"queue":"mails","run_immediately":false}
    """#

  @Test func canonicalExtendedJSON() throws {
    let schedule = try #require(try ImportSample.read(Self.canonical).first)
    #expect(schedule.problem == nil)
    #expect(schedule.name == EntryName("sync"))
    let document = try #require(schedule.read)
    #expect(document.lastRunAt == time("2026-03-02T11:55:00.123Z"))
    #expect(document.totalRunCount == 41)
    #expect(document.definition.maxRunCount == nil, "0 is the model's default and means no limit")
    #expect(document.definition.options.queue == "mails")
    #expect(document.definition.options.softTimeLimit == "30")
    // The worker gets plain JSON, as pymongo and kombu would have made it.
    #expect(schedule.text.contains(#""args":[7,2.0,9007199254740993]"#))
    #expect(
      schedule.text.contains(
        #""kwargs":{"since":{"__type__": "datetime", "__value__": "2014-08-30T08:10:06.250000"},"deep":{"list":[-1]}}"#)
    )
    // All other bytes stay.
    #expect(schedule.text.hasPrefix(#"{"_id":{"$oid":"5f0e1a2b3c4d5e6f70819203"},"_cls":"PeriodicTask","name":"sync""#))
  }

  /// In the relaxed form numbers are numbers, and dates are text.
  @Test func relaxedExtendedJSON() throws {
    let schedule = try #require(
      try ImportSample.read(
        #"[{"_id":{"$oid":"5f0e1a2b3c4d5e6f70819203"},"name":"a","task":"t","enabled":true,"crontab":{"_cls":"Crontab","#
          + #""minute":"0","hour":"3","day_of_week":"*","day_of_month":"*","month_of_year":"*"},"args":[1],"#
          + #""last_run_at":{"$date":"2026-03-02T03:00:00.005Z"},"total_run_count":3,"max_run_count":5}]"#,
        timezone: "Europe/Berlin"
      ).first)
    let document = try #require(schedule.read)
    #expect(document.lastRunAt == time("2026-03-02T03:00:00.005Z"))
    #expect(document.definition.maxRunCount == 5)
    #expect(document.definition.schedule.inWords.hasSuffix("Europe/Berlin"))
    #expect(schedule.text.contains(#""args":[1]"#))
  }

  @Test func theOlderShell() throws {
    let schedules = try ImportSample.read(
      """
      {
      \t"_id" : ObjectId("5f0e1a2b3c4d5e6f70819203"),
      \t"name" : "a",
      \t"task" : "t",
      \t"enabled" : true,
      \t"interval" : { "every" : 5, "period" : "seconds" },
      \t"args" : [ NumberLong(2) ],
      \t"last_run_at" : ISODate("2014-08-30T08:10:06.004Z"),
      \t"total_run_count" : NumberLong("12")
      }
      { "_id" : ObjectId("5f0e1a2b3c4d5e6f70819204"), "name" : "b", "task" : "t", "enabled" : false, "interval" : { "every" : NumberInt(1), "period" : "days" } }
      """)
    #expect(schedules.map(\.name) == [EntryName("a"), EntryName("b")])
    #expect(schedules.map(\.problem) == [nil, nil])
    #expect(schedules[0].read?.lastRunAt == time("2014-08-30T08:10:06.004Z"))
    #expect(schedules[0].read?.totalRunCount == 12)
    #expect(schedules[0].text.contains(#""args" : [ 2 ]"#))
  }

  /// mongosh prints JavaScript: keys without quotes, and texts in single quotes.
  @Test func theNewerShell() throws {
    let schedule = try #require(
      try ImportSample.read(
        #"""
        [
          {
            _id: ObjectId('5f0e1a2b3c4d5e6f70819203'),
            _cls: 'PeriodicTask',
            name: 'it\'s "a"',
            task: "t",
            enabled: true,
            interval: { every: 1.5e1, period: 'seconds' },
            kwargs: { 'a-b': Long('5'), text: 'new: ISODate', empty: undefined },
            last_run_at: ISODate('2014-08-30T08:10:06.004Z'),
            total_run_count: Int32(12)
          }
        ]
        """#
      ).first)
    #expect(schedule.problem == nil)
    #expect(schedule.name == EntryName(#"it's "a""#))
    #expect(schedule.read?.lastRunAt == time("2014-08-30T08:10:06.004Z"))
    #expect(schedule.text.contains(#"{ "a-b": 5, "text": "new: ISODate", "empty": null }"#))
  }

  @Test func enabledIsFalseUnlessSaid() throws {
    let schedule = try #require(
      try ImportSample.read(
        #"{"_cls":"PeriodicTask","name":"a","task":"t","interval":{"every":5,"period":"days"}}"#
      ).first)
    #expect(schedule.read?.definition.enabled == false)
    #expect(schedule.notes.first == #"has no "enabled", which celerybeat-mongo takes as false"#)
  }

  @Test func whatNoWorkerCanReadIsTold() throws {
    let schedule = try #require(
      try ImportSample.read(
        #"{"_cls":"PeriodicTask","name":"a","task":"t","enabled":true,"interval":{"every":5,"period":"days"},"#
          + #""kwargs":{"id":{"$oid":"5f0e1a2b3c4d5e6f70819203"}}}"#
      ).first)
    #expect(
      schedule.problem
        == #"kwargs holds {"$oid":"5f0e1a2b3c4d5e6f70819203"}, which no worker can read as JSON; "#
        + "write it as text or a number")
    #expect(schedule.document.isEmpty)
  }

  /// Types that are text, bytes or nothing to a worker; and objects that only look like a type.
  @Test func whatHasAFormForWorkersComes() throws {
    let schedule = try #require(
      try ImportSample.read(
        #"{"_cls":"PeriodicTask","name":"a","task":"t","enabled":true,"interval":{"every":5,"period":"days"},"args":"#
          + #"[{"$binary":{"base64":"/w==","subType":"00"}},{"$binary":"YQ==","$type":"00"},{"$symbol":"s"},"#
          + #"{"$code":"x()","$scope":{}},{"$undefined":true},{"$gt":{"$numberInt":"5"}}],"#
          + #""options":{"queue":"q","expires":{"$date":"2099-01-01T00:00:00Z"},"headers":{"n":{"$numberLong":"7"}}}}"#
      ).first)
    #expect(schedule.problem == nil)
    #expect(
      schedule.text.contains(
        #""args":[{"__type__": "base64", "__value__": "/w=="},{"__type__": "bytes", "__value__": "a"},"s","x()",null,"#
          + #"{"$gt":5}],"options":{"queue":"q","expires":{"$date":"2099-01-01T00:00:00Z"},"headers":{"n":7}}}"#),
      "\(schedule.text)")
    #expect(schedule.read?.definition.options.expires == .at(time("2099-01-01T00:00:00Z")))
  }

  @Test(arguments: [
    #"{"$numberDouble":"NaN"}"#, "Infinity", #"{"$numberDecimal":"0.1"}"#, #"{"x":1,"$id":5,"$ref":"c"}"#,
    #"{"$regularExpression":{"pattern":"a","options":""}}"#, #"{"$binary":{"base64":"?","subType":"00"}}"#,
  ]) func whatHasNoneDoesNot(_ value: String) throws {
    let schedule = try #require(
      try ImportSample.read(
        #"{"_cls":"PeriodicTask","name":"a","task":"t","enabled":true,"interval":{"every":5,"period":"days"},"#
          + #""args":[\#(value)]}"#
      ).first)
    #expect(schedule.problem == "args holds \(value), which no worker can read as JSON; write it as text or a number")
  }

  /// celerybeat-mongo left them out, so they begin to run. Where no document has a `_cls`, its scheduler read them all.
  @Test func documentsWithoutClassAreNamed() throws {
    func text(_ name: String, _ fields: String) -> String {
      #"{"_id":{"$oid":"5f0e1a2b3c4d5e6f70819203"},"name":"\#(name)","task":"t","queue":"q","interval":"#
        + #"{"every":5,"period":"days"},\#(fields)}"#
    }
    let raw = text("raw", #""enabled":true"#)
    let others = [text("off", #""enabled":false"#), text("sync", #""enabled":true,"_cls":"PeriodicTask.Mine""#)]
    let notes = try ImportSample.read(([raw] + others).joined(separator: "\n")).map(\.notes)
    #expect(notes == [["has no _cls: celerybeat-mongo left it out, and here it runs"], [], []])
    #expect(try ImportSample.read(raw).map(\.notes) == [[]])
  }

  /// The shell's reader ends for any bytes, and leaves text that is JSON as it is.
  @Test func anyTextIsRead() {
    var chance = SeededChance(seed: 7)
    let pieces = ["{", "}", "'", "\"", "\\", "a", ":", "new ", "Long(", "5.", "é", " ", "`", ",", "$x", "\n"]
    for _ in 0..<20_000 {
      let text = (0..<chance.number(0...12)).map { _ in chance.one(of: pieces) }.joined()
      _ = MongoShellText.json(Array(text.utf8))
    }
    let json = #"{"a": [1.5e3, -0.0, true, null, "x: 'y'"], "b\"c": {}}"#
    #expect(String(MongoShellText.json(Array(json.utf8))) == json)
  }
}
