import Testing

@testable import BeatCore

@Suite struct CrontabTests {
  // MARK: Grammar

  /// The results that Celery 5.7 gave; nil where it refuses.
  @Test(
    arguments: [
      ("minute", "*/100", [0]), ("minute", "*/0", nil), ("minute", "5/10", nil), ("minute", "1-5/2/9", [1, 3, 5]),
      ("minute", "1-5!x", [1, 2, 3, 4, 5]), ("minute", "*/15-3", [0, 15, 30, 45]), ("hour", "22-2", [22, 23, 0, 1, 2]),
      ("hour", "22-2/2", [22, 0, 2]), ("minute", "59-0/30", [59]), ("minute", "1_0", [10]), ("minute", "+3", [3]),
      ("minute", "01", [1]), ("minute", "٣", [3]), ("minute", "1.0", nil), ("minute", "0x1", nil),
      ("day_of_month", "L", nil), ("day_of_month", "?", nil), ("day_of_week", "5#2", nil), ("minute", "**", nil),
      ("minute", "*/mon", nil), ("day_of_week", "7", nil), ("day_of_week", "0-7", nil), ("day_of_week", "sun", [0]),
      ("day_of_week", "SUNDAY", [0]), ("day_of_week", "monkey", [1]), ("day_of_week", "fri-mon", [5, 6, 0, 1]),
      ("minute", "jan", [1]), ("day_of_month", "feb", [2]), ("month_of_year", "nov-feb", [11, 12, 1, 2]),
      ("month_of_year", "feb-mar", [2, 3]), ("day_of_month", "31-1", [31, 1]), ("day_of_month", "1-1", [1]),
      ("minute", " 1, 2", [1, 2]), ("minute", "* ", nil), ("day_of_week", "*\n", [0, 1, 2, 3, 4, 5, 6]),
      ("minute", "-1", nil), ("minute", "1--3", nil), ("minute", "1-", nil), ("minute", "", nil),
      ("minute", "1,,2", nil),
      ("minute", "1,", nil), ("minute", "*/", nil), ("minute", "1-5/", nil), ("minute", "60", nil), ("hour", "24", nil),
      ("day_of_month", "0", nil), ("day_of_month", "32", nil), ("month_of_year", "0", nil),
      ("month_of_year", "13", nil),
      ("minute", "99999999999999999999", nil), ("minute", "*/99999999999999999999", [0]),
      ("day_of_year", "1,366", [1, 366]), ("day_of_year", "367", nil), ("day_of_year", "*/200", [1, 201]),
      ("day_of_year", "365-2", [365, 366, 1, 2]),
    ] as [(String, String, [Int]?)])
  func reads(field name: String, text: String, numbers: [Int]?) throws {
    let field = try #require((RandomCrontab.order + [.dayOfYear]).first { $0.name == name })
    var warnings = CrontabWarnings()
    let set = try? field.numbers(of: .text(text), warnings: &warnings)
    #expect(set.map { set in (field.lowest...field.highest).filter(set.contains) } == numbers.map { $0.sorted() })
  }

  @Test func readsNumbersAndLists() throws {
    #expect(try line(minute: .number(5), hour: .list([.number(1), .number(3)])) == "5 1,3 * * *")
    #expect(try line(minute: nil, hour: nil) == "* * * * *")
    #expect(try line(minute: .text("*/5"), hour: .text("8-18")) == "*/5 8-18 * * *")
    #expect(error(hour: .list([])) == "hour: the list is empty, so it would never run; use \"*\" for every value")
    #expect(error(hour: .list([.text("1")]))?.contains("a list may hold whole numbers only") == true)
    #expect(error(hour: .list([.list([.number(1)])]))?.contains("a list may hold whole numbers only") == true)
    #expect(error(hour: .number(.max)) == "hour: the number is out of range 0-23")
    #expect(error(hour: .number(-1)) == "hour: -1 is out of range 0-23")
  }

  @Test func saysWhatIsWrong() {
    #expect(error(dayOfWeek: .number(7)) == "day_of_week: 7 is out of range 0-6; Sunday is 0")
    #expect(error(dayOfWeek: .text("mon-7")) == "day_of_week: 7 is out of range 0-6; Sunday is 0")
    #expect(error(dayOfWeek: .text("someday"))?.contains(#""someday" is neither a number nor a name"#) == true)
    #expect(error(hour: .text("*/0")) == #"hour: the step of "*/0" is zero; use 1 or more"#)
    #expect(error(hour: .text("*/")) == #"hour: "*/" has no step after the slash"#)
    #expect(error(hour: .text("1-5/x")) == #"hour: the step of "1-5/x" is not a whole number"#)
    #expect(error(hour: .text("-1")) == #"hour: "-1": negative numbers are not allowed"#)
    #expect(error(hour: .text("")) == #"hour: is empty; use "*" for every value"#)
    #expect(error(hour: .text("1,,2")) == #"hour: "1,,2" has nothing beside a comma"#)
    let long = error(hour: .text(String(repeating: "x\u{1b}", count: 100_000)))
    #expect((long?.utf8.count ?? .max) < 400 && long?.contains("\u{1b}") == false)
  }

  @Test(
    arguments: [
      ("* * * * *", []),
      ("1-5!x * * * *", [#"minute: "!x" at the end of "1-5!x" is ignored"#]),
      ("*/15-3 * * * *", [#"minute: "-3" at the end of "*/15-3" is ignored"#]),
      ("jan * * * *", [#"minute: "jan" names a month; here it is read as the number 1"#]),
      ("0 0 * mon *", [#"month_of_year: "mon" names a weekday; here it is read as the number 1"#]),
      ("0 0 * * monkey", [#"day_of_week: of "monkey" only the first three letters count: mon"#]),
      ("0 0 * sept thurs", []),
      ("*/7 * * * *", [#"minute: "*/7" begins again with each hour, so the last step of the hour is shorter"#]),
      ("0 0 */7 * *", [#"day_of_month: "*/7" begins again with each month, so the last step of the month is shorter"#]),
      ("*/100 * * * *", [#"minute: the step of "*/100" is larger than the range, so only its first value is left"#]),
      ("1-5/9 * * * *", [#"minute: the step of "1-5/9" is larger than the range, so only its first value is left"#]),
      ("0 0 13 * fri", ["day_of_month and day_of_week must both match (cron would run when either does)"]),
      ("* 2 * * *", [#"minute: is "*", so it runs sixty times in that hour; use 0 for once"#]),
      ("0 0 31 * *", ["day_of_month: months that have no such day are left out"]),
      ("1_0 * * * *", [#"minute: "1_0" is read as 10"#]),
      ("*/5 */2 * */3 1-5", []),
    ] as [(String, [String])])
  func warns(line: String, warnings: [String]) throws {
    #expect(try Crontab(line: line, zone: .utc).warnings == warnings)
  }

  @Test func warnsAFewTimesOnly() throws {
    let text = (0..<60).map { "\($0)-\($0)!\($0)" }.joined(separator: ",")
    #expect(try Crontab(line: "\(text) * * * *", zone: .utc).warnings.count == 16)
  }

  @Test(arguments: [
    "0 0 30 2 *", "0 0 31 4 *", "0 0 31 2,4,6,9,11 *", "0 0 30,31 feb *",
  ])
  func refusesDatesThatNeverCome(line: String) {
    #expect(throws: CrontabError.self) { try Crontab(line: line, zone: .utc) }
  }

  @Test func refusesDaysOfTheYearThatNeverCome() {
    // The 60th day is 29 February or 1 March; the 366th is 31 December.
    #expect(error(month: .number(4), dayOfYear: .number(60)) != nil)
    #expect(error(dayOfMonth: .number(28), dayOfYear: .number(60)) != nil)
    #expect(error(dayOfMonth: .number(29), dayOfYear: .number(60)) == nil)
    #expect(error(dayOfMonth: .number(1), dayOfYear: .number(60)) == nil)
    #expect(error(dayOfMonth: .number(30), dayOfYear: .number(366)) != nil)
  }

  @Test(arguments: ["", "* * * *", "* * * * * *", "0 0  * *"])
  func refusesLines(line: String) {
    #expect(throws: CrontabError.self) { try Crontab(line: line, zone: .utc) }
  }

  @Test func equalsByMeaning() throws {
    let berlin = try TimeTesting.zone("Europe/Berlin")
    let one = try Crontab(line: "0,30 2 * * mon-fri", zone: berlin)
    let other = try Crontab(line: "*/30 02 *  *\t1-5", zone: berlin)
    #expect(one == other && one.hashValue == other.hashValue)
    #expect(one != (try Crontab(line: "0,30 2 * * mon-fri", zone: .utc)))
    #expect(one != (try Crontab(line: "0,31 2 * * mon-fri", zone: berlin)))
  }

  @Test func isSmall() {
    #expect(MemoryLayout<Crontab>.size <= 48)
    #expect(MemoryLayout<Schedule>.stride <= 48)
  }

  // MARK: Occurrences

  @Test(arguments: [
    // Friday the 13th, since day and weekday must both match.
    ("0 0 13 * 5", "2026-01-01", ["2026-02-13", "2026-03-13", "2026-11-13"]),
    ("0 0 31 * *", "2026-01-31", ["2026-03-31", "2026-05-31", "2026-07-31"]),
    ("0 0 29 2 *", "2026-01-01", ["2028-02-29", "2032-02-29"]),
    ("0 0 29 2 *", "2096-03-01", ["2104-02-29"]),
    ("0 0 29 2 1", "2072-03-01", ["2112-02-29", "2140-02-29"]),
    ("0 0 * * fri-mon", "2026-11-20", ["2026-11-21", "2026-11-22", "2026-11-23", "2026-11-27"]),
    ("0 22-2/2 * * *", "2026-01-01T02:00", ["2026-01-01T22:00", "2026-01-02T00:00", "2026-01-02T02:00"]),
    ("30 2 * * *", "2026-01-01T02:29:59.999999", ["2026-01-01T02:30", "2026-01-02T02:30"]),
    ("30 2 * * *", "2026-01-01T02:30", ["2026-01-02T02:30"]),
    // Times beyond 32-bit seconds, beyond 64-bit nanoseconds, and up to the last year.
    ("14 3 19 1 *", "2037-01-20", ["2038-01-19T03:14", "2039-01-19T03:14"]),
    ("47 23 11 4 *", "2261-05-01", ["2262-04-11T23:47", "2263-04-11T23:47"]),
    ("59 23 31 12 *", "9998-12-31", ["9998-12-31T23:59", "9999-12-31T23:59"]),
    ("0 0 1 1 *", "-", ["0001-01-01", "0002-01-01"]),
  ])
  func occurs(line: String, after start: String, at expected: [String]) throws {
    let crontab = try Crontab(line: line, zone: .utc)
    var time = start == "-" ? UnixTime(microseconds: .min) : try #require(UnixTime(iso8601: start))
    for text in expected {
      let due = try #require(crontab.nextDue(after: time))
      #expect(due.iso8601 == UnixTime(iso8601: text)?.iso8601)
      time = due
    }
  }

  @Test func endsWithTheYear9999() throws {
    let crontab = try Crontab(line: "59 23 31 12 *", zone: .utc)
    let last = try #require(UnixTime(iso8601: "9999-12-31T23:59"))
    #expect(crontab.nextDue(after: last) == nil)
    #expect(crontab.nextDue(after: .latest) == nil)
    #expect(crontab.nextDue(after: UnixTime(microseconds: .max)) == nil)
    let kiritimati = try Crontab(line: "* * * * *", zone: TimeTesting.zone("Pacific/Kiritimati"))
    #expect(kiritimati.nextDue(after: UnixTime.latest.advanced(by: -60_000_000))?.iso8601 == "9999-12-31T23:59:00Z")
    #expect(kiritimati.nextDue(after: last) == nil)
  }

  /// Days by all four day fields are compared with a calendar that walks day by day through sixty years.
  @Test func choosesDaysByAllFields() throws {
    var chance = SeededChance(seed: 366)
    for _ in 0..<80 {
      let fields = [CrontabField.dayOfWeek, .dayOfMonth, .monthOfYear, .dayOfYear]
      let values = fields.map { field -> CrontabFieldValue? in
        chance.once(in: 2) ? nil : RandomCrontab.value(of: field, using: &chance)
      }
      let sets = try zip(fields, values).map { field, value in
        var warnings = CrontabWarnings()
        return try field.numbers(of: value, warnings: &warnings)
      }
      let crontab = try? Crontab(
        minute: .number(0), hour: .number(0), dayOfWeek: values[0], dayOfMonth: values[1], monthOfYear: values[2],
        dayOfYear: values[3], zone: .utc)
      // 2071 to 2131 has years of all fourteen kinds, and 2100.
      let start = Gregorian.days(year: 2_071, month: 1, day: 1)
      var time = UnixTime(seconds: start * 86_400 - 1)
      for day in start..<(start + 365 * 60) {
        let instant = UnixTime(seconds: day * 86_400)
        let civil = CivilTime(utc: instant)
        let parts = [civil.dayOfWeek, civil.day, civil.month, civil.dayOfYear]
        guard sets[0].contains(parts[0]), sets[1].contains(parts[1]), sets[2].contains(parts[2]),
          sets[3].contains(parts[3])
        else { continue }
        let due = crontab?.nextDue(after: time)
        if due != instant { Issue.record("\(values): \(due?.iso8601 ?? "none"), not \(instant.iso8601)") }
        time = instant
      }
    }
  }

  private func line(minute: CrontabFieldValue?, hour: CrontabFieldValue?) throws -> String {
    try Crontab(minute: minute, hour: hour, dayOfWeek: nil, dayOfMonth: nil, monthOfYear: nil, zone: .utc)
      .fieldsInWords
  }

  private func error(
    hour: CrontabFieldValue? = nil, dayOfWeek: CrontabFieldValue? = nil, dayOfMonth: CrontabFieldValue? = nil,
    month: CrontabFieldValue? = nil, dayOfYear: CrontabFieldValue? = nil
  ) -> String? {
    do {
      _ = try Crontab(
        minute: .number(0), hour: hour, dayOfWeek: dayOfWeek, dayOfMonth: dayOfMonth, monthOfYear: month,
        dayOfYear: dayOfYear, zone: .utc)
      return nil
    } catch {
      return error.description
    }
  }
}
