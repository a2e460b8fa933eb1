import Testing

/// `beat-watch next`: the runs of a schedule, shown before the document is saved.
@Suite struct NextCommandTests {
  private func next(_ input: String, _ arguments: [String] = ["--json"]) throws -> CommandRun {
    try CommandRun(["next", "-"] + arguments, input: input)
  }

  @Test func eachLineIsAnsweredInItsPlace() throws {
    let run = try next(
      """
      {"crontab": {"minute": "30", "hour": "2"}, "timezone": "America/New_York", "after": "2026-03-06T12:00:00Z"}
      {"crontab": {"minute": "99"}}

      {"clocked": {"clocked_time": "2027-01-01T00:00:00.25+01:00"}, "after": "2026-01-01"}

      """, ["--json", "--count", "3"])
    #expect(
      run.lines == [
        #"{"next": ["2026-03-07T07:30:00Z", "2026-03-08T07:30:00Z", "2026-03-09T06:30:00Z"]}"#,
        #"{"error": "crontab.minute \"99\": 99 is out of range 0-59"}"#,
        #"{"error": "not a readable document, line 1 column 1: is empty; expected a JSON object"}"#,
        #"{"next": ["2026-12-31T23:00:00.25Z"], "end": "once at 2026-12-31T23:00:00.25Z does not come again"}"#,
      ])
    #expect(run.exit == .status(65))
  }

  @Test func oneDocumentMayStandOnSeveralLines() throws {
    let run = try next(
      "{\n  \"interval\": {\"every\": 1.5, \"period\": \"seconds\"},\n  \"after\": \"2026-01-01\"\n}\n")
    #expect(
      run.lines == [
        #"{"next": ["2026-01-01T00:00:01.5Z", "2026-01-01T00:00:03Z", "2026-01-01T00:00:04.5Z", "#
          + #""2026-01-01T00:00:06Z", "2026-01-01T00:00:07.5Z"]}"#
      ])
    #expect(run.exit == .status(0))
  }

  @Test func anIntervalCountsFromTheLastRun() throws {
    let run = try next(
      #"{"interval": {"every": 1, "period": "hours"}, "last_run_at": "2026-01-01T00:10:00Z"}"# + "\n",
      ["--json", "--after", "2026-01-01T05:00:00Z", "--count", "1"])
    #expect(run.lines == [#"{"next": ["2026-01-01T05:10:00Z"]}"#])
  }

  @Test func theLifeOfAScheduleIsRespected() throws {
    let run = try next(
      #"{"crontab": {"hour": "3", "minute": 0}, "start_after": "2026-05-02", "expires_at": "2026-05-03T12:00:00Z"}"#
        + "\n", ["--json", "--after", "2026-01-01"])
    #expect(
      run.lines == [
        #"{"next": ["2026-05-02T03:00:00Z", "2026-05-03T03:00:00Z"], "#
          + #""end": "expires_at 2026-05-03T12:00:00Z comes before its next occurrence"}"#
      ])
  }

  /// Each way in which a schedule can end, and a last run that cannot be true.
  @Test func whatEndsItIsTold() throws {
    let run = try next(
      [
        #""one_off": true, "total_run_count": 3"#, #""max_run_count": 5, "total_run_count": 4"#, #""enabled": false"#,
        #""last_run_at": "2936-01-01T00:00:00Z", "one_off": true"#,
      ].map { #"{"interval": {"every": 1, "period": "hours"}, \#($0)}"# }.joined(separator: "\n") + "\n", [])
    let hour = "every hour"
    #expect(run.lines[0] == hour && run.lines[1] == "  never again: one_off has run")
    #expect(run.lines[2] == hour && run.lines[4] == "  then no more: max_run_count 5 is reached")
    #expect(run.lines[5] == hour && run.lines[6] == "  never again: it is disabled")
    #expect(run.lines[8].hasPrefix("  warning: last_run_at 2936-01-01T00:00:00Z is in the future"))
    #expect(run.lines[10] == "  then no more: one_off has run")
  }

  @Test func whatIsAcceptedButSurelyAMistakeIsSaid() throws {
    let run = try next(
      #"{"crontab": {"minute": 0, "hour": 0, "day_of_month": 13, "day_of_week": "fri"}, "after": "2026-01-01"}"# + "\n",
      ["--json", "--count", "1"])
    let line = try #require(run.lines.first)
    #expect(line.hasPrefix(#"{"next": ["2026-02-13T00:00:00Z"], "warnings": ["crontab: day_of_month and day_of_week"#))
    #expect(run.exit == .status(0))
  }

  @Test func textShowsLocalTimeAndDaysOnWhichClocksChange() throws {
    let run = try next(
      #"{"crontab": {"minute": "30", "hour": "2"}, "timezone": "America/New_York", "after": "2026-03-07T12:00:00Z"}"#
        + "\n", ["--count", "2"])
    #expect(run.lines.first == "crontab 30 2 * * * (m/h/dom/mon/dow) America/New_York")
    #expect(run.lines.count == 3)
    #expect(run.lines[1].hasPrefix("  Sun 2026-03-08 03:30:00 -04:00  "))
    #expect(run.lines[1].hasSuffix("(clocks change that day: 02:00 becomes 03:00)"))
    #expect(run.lines[2].hasPrefix("  Mon 2026-03-09 02:30:00 -04:00  "))
    #expect(!run.lines[2].contains("clocks"))
  }

  @Test(arguments: [
    (#"{"crontab": "#, "not a readable document, line 1 column 13: ends in the middle; a value is missing"),
    (#"{"task": "a"}"#, #"has no schedule; add "interval""#),
    (
      #"{"interval": {"every": 1, "period": "days"}, "crontab": {}}"#,
      "has more than one schedule (interval, crontab); keep one"
    ),
    (#"{"interval": {"every": 1, "period": "fortnights"}}"#, #"interval.period "fortnights": expected one of weeks"#),
    (#"{"interval": {"every": -1, "period": "days"}}"#, "interval.every -1: -1 days is not positive"),
    (#"{"interval": {"every": 0, "period": "days"}}"#, "interval.every 0: 0 days is not positive"),
    (#"{"crontab": {}, "timezone": "Mars/Base"}"#, #"timezone "Mars/Base": no such zone"#),
    (#"{"crontab": {"minute": 1.5}}"#, "crontab.minute 1.5: expected a number"),
    (#"{"crontab": {"day_of_week": 7}}"#, "crontab.day_of_week 7: 7 is out of range 0-6; Sunday is 0"),
    (#"{"crontab": {"day_of_month": 30, "month_of_year": 2}}"#, "crontab: no day matches"),
  ])
  func badInputGivesOneClearLine(_ line: String, _ text: String) throws {
    let run = try next(line + "\n", [])
    #expect(run.lines.count == 1)
    #expect(run.lines.first?.hasPrefix("error in line 1: \(text)") == true, "\(run.lines)")
    #expect(run.exit == .status(65))
  }

  @Test func aMegabyteOfGarbageGivesOneShortLine() throws {
    let run = try next(String(repeating: "\u{1B}[31m garbage ", count: 80_000), [])
    #expect(run.lines.count == 1)
    #expect(run.lines.allSatisfy { $0.utf8.count < 200 && !$0.contains("\u{1B}") })
    #expect(run.exit == .status(65))
  }

  @Test(arguments: [
    (["next", "-", "--count", "0"], "beat-watch: --count: 0 is not in 1 to 1000"),
    (["next", "-", "--after", "noon"], "beat-watch: --after: noon is no ISO 8601 time"),
    (["next", "-", "--timezone", "Mars/Base"], "beat-watch: --timezone: time zone \"Mars/Base\": no such zone"),
  ])
  func aWrongOptionGivesOneLineAndTheStatusOfUsage(_ arguments: [String], _ text: String) throws {
    let run = try CommandRun(arguments)
    #expect(run.lines.count == 1)
    #expect(run.lines.first?.hasPrefix(text) == true, "\(run.lines)")
    #expect(run.exit == .status(64))
  }

  /// An empty input is no document, whether it comes from a file or from standard input.
  @Test func anEmptyInput() throws {
    let empty = "not a readable document, line 1 column 1: is empty; expected a JSON object"
    for source in ["-", "/dev/null"] {
      let text = try CommandRun(["next", source], input: "")
      #expect(text.exit == .status(65) && text.lines == ["error in line 1: \(empty)"], "\(text.text)")
      let json = try CommandRun(["next", source, "--json"], input: "")
      #expect(json.exit == .status(65) && json.lines == [#"{"error": "\#(empty)"}"#], "\(json.text)")
      let lint = try CommandRun(["lint", source], input: "")
      #expect(lint.exit == .status(1) && lint.lines == ["\(source):1: error: \(empty)"], "\(lint.text)")
    }
  }

  @Test func aSourceAndANameExcludeEachOther() throws {
    for arguments in [["next"], ["next", "-", "--name", "a"]] {
      let run = try CommandRun(arguments, input: "")
      #expect(run.exit == .status(64) && run.lines.count == 1 && run.text.contains("--name"), "\(run.text)")
    }
  }

  @Test func aFileThatIsNotThere() throws {
    let run = try CommandRun(["next", "/nowhere/schedules.json"])
    #expect(run.lines == ["beat-watch: /nowhere/schedules.json: No such file or directory"])
    #expect(run.exit == .status(66))
  }
}
