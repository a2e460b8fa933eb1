import Testing

@testable import BeatCore

/// This project's crontab and Celery 5.7's are asked the same questions, and every answer is compared. A mismatch
/// prints the crontab.
@Suite struct CrontabDifferentialTests {
  /// Field texts made of pieces that reach every branch of the grammar; most of them are wrong.
  @Test func acceptsTheFieldsThatCeleryAccepts() throws {
    let pieces = [
      "*", "*", "/", "/", "-", "-", ",", ",", "0", "1", "2", "3", "5", "7", "12", "15", "23", "24", "31", "59", "60",
      "07", "100", "_", "+", " ", "\n", "\t", "!", "x", "L", "?", "#", ".", "jan", "FEB", "Mar", "sep", "dec", "sun",
      "Mon", "tuesday", "wed", "FRI", "sat", "monkey", "july", "٣", "१", "²", "ß", "é", "İ", "\u{a0}", "\u{3000}",
      "\u{1c}", "\u{0}", "½", "Ⅷ", "一", "\u{301}", "99999999999999999999999",
    ]
    var chance = SeededChance(seed: 57)
    var cases: [(field: CrontabField, value: CrontabFieldValue)] = []
    for _ in 0..<20_000 {
      let field = chance.one(of: RandomCrontab.order)
      if chance.once(in: 3) {
        cases.append((field, RandomCrontab.value(of: field, using: &chance)))
      } else {
        cases.append((field, .text((0..<chance.number(0...6)).map { _ in chance.one(of: pieces) }.joined())))
      }
    }
    let answers = try TimeTesting.ask(
      "celery_oracle.py", python: TimeTesting.celeryPython,
      requests: cases.map { #"{"field": "\#($0.field.name)", "value": \#($0.value.json)}"# })
    var accepted = 0
    var foreign = 0
    for (example, answer) in zip(cases, answers) {
      // Signs of other schedulers are refused, where Celery would run at other times than the author meant.
      if Self.isForeign(example.value) {
        var warnings = CrontabWarnings()
        #expect(throws: CrontabError.self) { try example.field.numbers(of: example.value, warnings: &warnings) }
        if answer != "refused" { foreign += 1 }
        continue
      }
      var warnings = CrontabWarnings()
      let ours: String
      do {
        let set = try example.field.numbers(of: example.value, warnings: &warnings)
        ours = (example.field.lowest...example.field.highest).filter(set.contains).map(String.init)
          .joined(separator: " ")
        accepted += 1
      } catch {
        ours = "refused"
      }
      #expect(ours == answer, "\(example.field.name): \(example.value.json)")
    }
    #expect(accepted > 5_000)
    #expect(foreign > 20)
  }

  /// Whether the text has a sign of another scheduler. Only such texts may be refused where Celery accepts them.
  private static func isForeign(_ value: CrontabFieldValue) -> Bool {
    guard case .text(let text) = value, text.unicodeScalars.contains(where: { "#?LlWw".unicodeScalars.contains($0) })
    else { return false }
    return text.unicodeScalars.split(separator: ",").contains { CrontabDialect.refusal(of: $0) != nil }
  }

  /// Five occurrences in a row in UTC.
  @Test func occursWhenCeleryDoesInUTC() throws {
    var chance = SeededChance(seed: 1)
    let count = TimeTesting.differentialCases(default: 100_000)
    let cases = (0..<count).map { _ in
      (crontab: RandomCrontab(using: &chance), start: chance.number(-2_000_000_000...8_000_000_000))
    }
    let answers = try TimeTesting.ask(
      "celery_oracle.py", python: TimeTesting.celeryPython,
      requests: cases.enumerated().map { index, example in
        #"{"crontab": \#(example.crontab.json), "zone": "UTC", "times": [\#(example.start)], "count": 5, "#
          + #""is_due": \#(index.isMultiple(of: 20))}"#
      })
    var accepted = 0
    for (example, answer) in zip(cases, answers) {
      let ours: String
      do {
        let crontab = try example.crontab.crontab(in: .utc)
        var time = UnixTime(seconds: Int64(example.start))
        var times: [String] = []
        for _ in 0..<5 {
          guard let due = crontab.nextDue(after: time) else { break }
          times.append(String(due.seconds))
          time = due
        }
        ours = times.joined(separator: " ")
        accepted += 1
      } catch {
        ours = "refused"
      }
      #expect(ours == answer, "\(example.crontab) after \(example.start)")
    }
    #expect(accepted > count / 2)
  }

  static let zones = [
    "America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles", "America/Sao_Paulo",
    "America/Santiago", "America/St_Johns", "America/Havana", "America/Asuncion", "America/Nuuk", "America/Caracas",
    "Europe/London", "Europe/Dublin", "Europe/Berlin", "Europe/Paris", "Europe/Kyiv", "Europe/Istanbul",
    "Europe/Moscow", "Europe/Lisbon", "Africa/Cairo", "Africa/Casablanca", "Africa/Johannesburg", "Africa/Lagos",
    "Asia/Tokyo", "Asia/Kolkata", "Asia/Kathmandu", "Asia/Tehran", "Asia/Beirut", "Asia/Gaza", "Asia/Shanghai",
    "Asia/Singapore", "Asia/Pyongyang", "Australia/Sydney", "Australia/Lord_Howe", "Australia/Adelaide",
    "Pacific/Auckland", "Pacific/Chatham", "Pacific/Apia", "Pacific/Kiritimati", "Antarctica/Troll",
  ]

  /// The next occurrence after each one, in forty zones, where neither lies within two days of a change of clocks.
  /// `DaylightSavingTests` has the days of change.
  @Test func occursWhenCeleryDoesInZones() throws {
    var chance = SeededChance(seed: 2)
    var cases: [(crontab: RandomCrontab, zone: String, pairs: [(Int64, Int64)])] = []
    let zones = try Self.zones.map { (name: $0, rules: try TimeTesting.zone($0)) }
    for index in 0..<(TimeTesting.differentialCases(default: 100_000) / 4) {
      let zone = zones[index % zones.count]
      let random = RandomCrontab(using: &chance)
      guard let crontab = try? random.crontab(in: zone.rules) else { continue }
      var time = chance.time(from: 0, to: 4_000_000_000)
      time.microseconds -= time.microseconds % 1_000_000
      var pairs: [(Int64, Int64)] = []
      for _ in 0..<5 {
        guard let due = crontab.nextDue(after: time) else { break }
        if Self.isCalm(time, in: zone.rules), Self.isCalm(due, in: zone.rules) {
          pairs.append((time.seconds, due.seconds))
        }
        time = due
      }
      if !pairs.isEmpty { cases.append((random, zone.name, pairs)) }
    }
    let answers = try TimeTesting.ask(
      "celery_oracle.py", python: TimeTesting.celeryPython,
      requests: cases.map { example in
        let times = example.pairs.map { String($0.0) }.joined(separator: ", ")
        return #"{"crontab": \#(example.crontab.json), "zone": "\#(example.zone)", "times": [\#(times)], "count": 1}"#
      })
    for (example, answer) in zip(cases, answers) {
      let ours = example.pairs.map { String($0.1) }.joined(separator: " ")
      #expect(ours == answer, "\(example.crontab) in \(example.zone) after \(example.pairs.map(\.0))")
    }
    #expect(Set(cases.map(\.zone)).count == Self.zones.count)
    #expect(cases.map(\.pairs.count).reduce(0, +) > TimeTesting.differentialCases(default: 100_000) / 4)
  }

  private static func isCalm(_ time: UnixTime, in zone: ZoneRules) -> Bool {
    let twoDays: Int64 = 172_800_000_000
    guard let next = zone.nextTransition(after: time.advanced(by: -twoDays)) else { return true }
    return next > time.advanced(by: twoDays)
  }
}
