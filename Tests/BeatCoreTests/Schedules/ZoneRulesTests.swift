import Testing

@testable import BeatCore

/// Zone rules are compared with Python's `zoneinfo` over every zone of the system, and tested with hand-made files.
@Suite struct ZoneRulesTests {
  /// The instants are one second before and after each change up to the year 2400, and random ones of the years 1-2400.
  @Test func agreesWithPythonAtInstants() throws {
    var chance = SeededChance(seed: 2400)
    let names = TimeTesting.zoneNames()
    #expect(names.count > 400)
    var requests: [String] = []
    var instants: [[Int64]] = []
    let zones = try names.map { try TimeTesting.zone($0) }
    for (name, zone) in zip(names, zones) {
      var times: [Int64] = []
      for change in Self.changes(of: zone, from: .earliest, to: UnixTime(seconds: 13_569_465_600)) {
        times += [change.seconds - 1, change.seconds, change.seconds + 1]
      }
      times += (0..<200).map { _ in chance.time(from: -62_135_000_000, to: 13_569_465_600).seconds }
      times += (0..<100).map { _ in chance.time(from: -2_000_000_000, to: 4_200_000_000).seconds }
      requests.append("\(name) " + times.map { "u\($0)" }.joined(separator: " "))
      instants.append(times)
    }
    let answers = try TimeTesting.ask("zone_oracle.py", python: TimeTesting.anyPython, requests: requests)
    for (index, answer) in answers.enumerated() {
      let words = answer.split(separator: " ")
      #expect(words.count == instants[index].count)
      for (time, word) in zip(instants[index], words) {
        let instant = UnixTime(seconds: time)
        let ours = "\(zones[index].utcOffset(at: instant))/\(zones[index].abbreviation(at: instant))"
        if ours != word { Issue.record("\(names[index]) at \(instant.iso8601): \(ours), Python: \(word)") }
      }
    }
  }

  /// Readings of the wall clock around every change from 1970 up to the year 2100, most of them in gaps and overlaps.
  @Test func agreesWithPythonAtReadings() throws {
    var chance = SeededChance(seed: 2100)
    let names = TimeTesting.zoneNames()
    let zones = try names.map { try TimeTesting.zone($0) }
    var requests: [String] = []
    var readings: [[Int64]] = []
    for (name, zone) in zip(names, zones) {
      var list: [Int64] = []
      for change in Self.changes(of: zone, from: UnixTime(seconds: 0), to: UnixTime(seconds: 4_102_444_800)) {
        let before = Int64(zone.utcOffset(at: change.advanced(by: -1)))
        let after = Int64(zone.utcOffset(at: change))
        for edge in [change.seconds + before, change.seconds + after] { list += [edge - 1, edge, edge + 1] }
        list.append(change.seconds + Int64.random(in: min(before, after)...max(before, after), using: &chance))
      }
      list.append(chance.time(from: 0, to: 4_000_000_000).seconds)
      requests.append("\(name) " + list.map { "w\($0)" }.joined(separator: " "))
      readings.append(list)
    }
    let answers = try TimeTesting.ask("zone_oracle.py", python: TimeTesting.anyPython, requests: requests)
    var kinds = (unique: 0, gap: 0, overlap: 0)
    for (index, answer) in answers.enumerated() {
      for (reading, word) in zip(readings[index], answer.split(separator: " ")) {
        let civil = CivilTime(utc: UnixTime(seconds: reading))
        let ours: String
        switch zones[index].resolve(civil) {
        case .unique(let time):
          ours = "\(time.seconds)/\(time.seconds)"
          kinds.unique += 1
        case .gap(let shifted, let length):
          ours = "\(shifted.seconds)/\(shifted.seconds - Int64(length))"
          kinds.gap += 1
        case .overlap(let first, let second):
          ours = "\(first.seconds)/\(second.seconds)"
          kinds.overlap += 1
        }
        if ours != word { Issue.record("\(names[index]) showing \(civil): \(ours), Python: \(word)") }
      }
    }
    #expect(kinds.unique > 10_000 && kinds.gap > 10_000 && kinds.overlap > 10_000)
  }

  private static func changes(of zone: ZoneRules, from: UnixTime, to: UnixTime) -> [UnixTime] {
    var changes: [UnixTime] = []
    var time = from
    while let next = zone.nextTransition(after: time), next <= to {
      changes.append(next)
      time = next
    }
    return changes
  }

  // MARK: Rules at the end of a file

  @Test(arguments: [
    // Daylight saving time all year, as RFC 9636 writes it; the boundary between two years is no change.
    ("XXX3EDT4,0/0,J365/23", "2026-01-01T02:30:00Z", -4 * 3_600, true),
    ("XXX3EDT4,0/0,J365/23", "2026-07-01T00:00:00Z", -4 * 3_600, true),
    ("XXX3EDT4,0/0,J365/23", "2026-12-31T23:59:59Z", -4 * 3_600, true),
    ("EST5EDT,0/0,J365/25", "2027-01-01T05:00:00Z", -4 * 3_600, true),
    // If an end falls on the second of a start, the start wins, as in Python.
    ("AAA0BBB,0/0,0/1", "2026-07-01T00:00:00Z", 3_600, true),
    // Times beyond 24 hours and below zero, from version 3 on.
    ("<-03>3<-02>,M3.5.0/-2,M10.5.0/-1", "2026-03-29T00:59:59Z", -3 * 3_600, false),
    ("<-03>3<-02>,M3.5.0/-2,M10.5.0/-1", "2026-03-29T01:00:00Z", -2 * 3_600, true),
    ("IST-2IDT,M3.4.4/26,M10.5.0", "2026-03-26T23:59:59Z", 2 * 3_600, false),
    ("IST-2IDT,M3.4.4/26,M10.5.0", "2026-03-27T00:00:00Z", 3 * 3_600, true),
    // A day of the year that counts 29 February, and one that does not.
    ("AAA0BBB,J60/0,J300/0", "2028-03-01T00:00:00Z", 3_600, true),
    ("AAA0BBB,J60/0,J300/0", "2028-02-29T23:59:59Z", 0, false),
    ("AAA0BBB,59/0,300/0", "2028-02-29T00:00:00Z", 3_600, true),
    ("AAA-5:30:15", "2028-02-29T00:00:00Z", 19_815, false),
  ])
  func followsTheRule(rule: String, at time: String, offset: Int, isDST: Bool) throws {
    let zone = try ZoneRules(name: "Test", tzif: TZifBytes(footer: rule).bytes)
    let instant = try #require(UnixTime(iso8601: time))
    #expect(zone.utcOffset(at: instant) == offset)
    #expect(zone.isDST(at: instant) == isDST)
  }

  @Test func daylightSavingAllYearHasNoChanges() throws {
    let zone = try ZoneRules(name: "Test", tzif: TZifBytes(footer: "EST5EDT,0/0,J365/25").bytes)
    #expect(zone.nextTransition(after: try #require(UnixTime(iso8601: "2026-07-01"))) == nil)
  }

  @Test(arguments: [
    "AAA", "AA0", "AAA25", "AAA0BBB", "AAA0BBB,M3.5.0", "AAA0BBB,M13.1.0,M1.1.0", "AAA0BBB,M3.6.0,M1.1.0",
    "AAA0BBB,M3.1.7,M1.1.0", "AAA0BBB,J0,J1", "AAA0BBB,366,1", "AAA0BBB,M3.5.0/168,M1.1.0", "AAA0 ", "<AAA0",
    "AAA0BBB,M3.5.0,M10.5.0,", "9999", "AAA0:60",
  ])
  func refusesTheRule(rule: String) {
    #expect(throws: ZoneError.self) { try ZoneRules(name: "Test", tzif: TZifBytes(footer: rule).bytes) }
  }

  // MARK: Damaged files

  @Test func saysWhatIsWrong() throws {
    func message(_ bytes: [UInt8]) -> String {
      do {
        _ = try ZoneRules(name: "Mars/Base", tzif: bytes)
        return "accepted"
      } catch {
        return error.description
      }
    }
    #expect(message([]) == "time zone \"Mars/Base\": it is not a TZif file (or cut short)")
    #expect(message(Array("<html>".utf8)).contains("not a TZif file"))
    var leap = TZifBytes(footer: "UTC0")
    leap.leapSeconds = 1
    #expect(message(leap.bytes).contains("leap seconds"))
    var unsorted = TZifBytes(footer: "UTC0")
    unsorted.transitions = [(5, 0), (5, 0)]
    #expect(message(unsorted.bytes).contains("ascending"))
    var far = TZifBytes(footer: "UTC0")
    far.offset = 93_600
    #expect(message(far.bytes).contains("out of range"))
    var wild = TZifBytes(footer: "UTC0")
    wild.transitions = [(5, 1)]
    #expect(message(wild.bytes).contains("names a local time type"))
    #expect(message([UInt8](repeating: 0, count: 300_000)).contains("limit"))
    #expect(message(TZifBytes(footer: "UTC0").bytes) == "accepted")
  }

  /// Neither a cut nor a changed byte may trap, when the file is read or when its rules are used.
  @Test func survivesDamage() throws {
    var chance = SeededChance(seed: 9636)
    let originals = try ["America/New_York", "Europe/Dublin", "Australia/Lord_Howe", "Asia/Gaza", "Etc/UTC"].map {
      try TimeTesting.bytes(ofFile: "\(TimeTesting.zoneFolder)/\($0)")
    }
    var accepted = 0
    for _ in 0..<6_000 {
      var bytes = chance.one(of: originals)
      switch chance.number(0...3) {
      case 0: bytes.removeLast(chance.number(0...bytes.count))
      case 1: bytes = (0..<chance.number(0...300)).map { _ in UInt8(chance.number(0...255)) }
      case 2:
        // Only the second header and the part behind it are changed, where nearly all bytes have a meaning.
        for _ in 0..<chance.number(1...4) {
          bytes[chance.number(bytes.count * 2 / 3...bytes.count - 1)] = UInt8(chance.number(0...255))
        }
      default:
        for _ in 0..<chance.number(1...4) { bytes[chance.number(0...bytes.count - 1)] = UInt8(chance.number(0...255)) }
      }
      guard let zone = try? ZoneRules(name: "Damaged", tzif: bytes) else { continue }
      accepted += 1
      let crontab = try Crontab(line: "30 2 * * *", zone: zone)
      for time in [
        UnixTime(microseconds: .min), .earliest, UnixTime(seconds: 0),
        chance.time(from: -9_000_000_000, to: 9_000_000_000), .latest, UnixTime(microseconds: .max),
      ] {
        let civil = zone.localTime(at: time)
        _ = (zone.resolve(civil), zone.abbreviation(at: time), zone.isDST(at: time))
        if let next = zone.nextTransition(after: time) { #expect(next > time) }
        if let due = crontab.nextDue(after: time) { #expect(due > time) }
      }
    }
    #expect(accepted > 100)
  }

  @Test func readsVersionOne() throws {
    var file = TZifBytes(footer: "")
    file.version = 1
    file.transitions = [(1_000, 1)]
    file.types = [(3_600, false), (7_200, true)]
    let zone = try ZoneRules(name: "Old", tzif: file.bytes)
    #expect(zone.utcOffset(at: UnixTime(seconds: 999)) == 3_600)
    #expect(zone.utcOffset(at: UnixTime(seconds: 1_000)) == 7_200)
    #expect(zone.nextTransition(after: UnixTime(seconds: 999)) == UnixTime(seconds: 1_000))
    #expect(zone.nextTransition(after: UnixTime(seconds: 1_000)) == nil)
  }

  @Test func equalsByNameAndContent() throws {
    let berlin = try TimeTesting.zone("Europe/Berlin")
    let again = try TimeTesting.zone("Europe/Berlin")
    #expect(berlin == again && berlin.hashValue == again.hashValue)
    #expect(berlin != (try TimeTesting.zone("Europe/Paris")))
    #expect(berlin != ZoneRules.utc)
  }
}

/// A TZif file made by hand.
struct TZifBytes {
  var version = 3
  var transitions: [(time: Int64, type: UInt8)] = []
  var types: [(offset: Int32, isDST: Bool)] = []
  var offset: Int32 = 0
  var leapSeconds = 0
  var footer: String

  init(footer: String) {
    self.footer = footer
  }

  var bytes: [UInt8] {
    let types = self.types.isEmpty ? [(offset: offset, isDST: false)] : self.types
    var bytes: [UInt8] = []
    if version > 1 { bytes += block(timeSize: 4, transitions: [], types: [(0, false)], leapSeconds: 0) }
    bytes += block(timeSize: version > 1 ? 8 : 4, transitions: transitions, types: types, leapSeconds: leapSeconds)
    if version > 1 { bytes += Array("\n\(footer)\n".utf8) }
    return bytes
  }

  private func block(
    timeSize: Int, transitions: [(time: Int64, type: UInt8)], types: [(offset: Int32, isDST: Bool)], leapSeconds: Int
  ) -> [UInt8] {
    func big<Number: FixedWidthInteger>(_ number: Number, _ size: Int) -> [UInt8] {
      (0..<size).reversed().map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
    }
    var bytes = Array("TZif".utf8) + [version > 1 ? UInt8(0x30 + version) : 0] + [UInt8](repeating: 0, count: 15)
    for count in [0, 0, leapSeconds, transitions.count, types.count, 4] { bytes += big(count, 4) }
    for transition in transitions { bytes += big(transition.time, timeSize) }
    bytes += transitions.map(\.type)
    for type in types { bytes += big(type.offset, 4) + [type.isDST ? 1 : 0, 0] }
    bytes += Array("LMT".utf8) + [0]
    for _ in 0..<leapSeconds { bytes += [UInt8](repeating: 0, count: timeSize + 4) }
    return bytes
  }
}
