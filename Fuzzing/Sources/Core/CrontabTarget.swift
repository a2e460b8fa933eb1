@testable import BeatCore

extension FuzzTarget {
  /// A crontab. The input is a time (8 bytes), a zone and a form, then one line of cron or six lines, one for each
  /// field.
  static let crontab = FuzzTarget(
    "crontab",
    words: [
      "*", "*/", "-", ",", "/", "*/5", "1-5", "mon", "fri", "sun-sat", "jan", "dec", "thursday", "0", "7", "59", "23",
      "31", "366", "29", "2", "_", "+", "１", "٣", "\u{A0}", "\u{202E}", "[1,2]", "#5", "99999999999999999999", "\n",
      " ",
    ],
    seeds: {
      let times: [Int64] = [
        1_772_452_800_000_000, 1_774_745_999_999_999, -62_135_596_800_000_000, 253_402_300_000_000_000,
      ]
      var seeds: [[UInt8]] = []
      for (index, line) in [
        "* * * * *", "*/5 * * * *", "30 2 * * *", "0 0 29 2 *", "0 0 29 2 1", "15,45 8-18 * * mon-fri", "0 12 13 * fri",
        "*/7 */5 1-31/2 jan-jun sun", "59 23 31 12 *", "22-5 20-3 * nov-feb sat-mon", "0 0 1 1 *", "1 1 1 1 wednesday",
      ].enumerated() {
        let time = times[index % times.count]
        let prefix = (0..<8).map { UInt8(truncatingIfNeeded: time >> ($0 * 8)) } + [UInt8(index)]
        seeds.append(prefix + [0] + Array(line.utf8))
        let fields = line.split(separator: " ").map(String.init) + [index % 3 == 0 ? "1-100,366" : "*"]
        seeds.append(prefix + [1] + Array(fields.joined(separator: "\n").utf8))
      }
      seeds.append(seeds[1].prefix(9) + [1] + Array("#5\n[1,2,3]\n[0]\n#1\n*\n#60".utf8))
      return seeds
    },
    check: { bytes in
      var input = FuzzInput(bytes)
      let time = UnixTime(microseconds: input.integer())
      let zone = FuzzZones.all[Int(input.byte()) % FuzzZones.all.count]
      let isLine = input.byte().isMultiple(of: 2)
      let crontab: Crontab
      var values: [CrontabFieldValue?] = []
      do throws(CrontabError) {
        if isLine {
          let line = String(decoding: input.rest, as: UTF8.self)
          crontab = try Crontab(line: line, zone: zone)
          let fields = line.split(whereSeparator: \.isWhitespace).map { CrontabFieldValue.text(String($0)) }
          if fields.count == 5 { values = [fields[0], fields[1], fields[4], fields[2], fields[3], nil] }
        } else {
          values = (0..<6).map { _ in fieldValue(input.line()) }
          crontab = try Crontab(
            minute: values[0], hour: values[1], dayOfWeek: values[2], dayOfMonth: values[3], monthOfYear: values[4],
            dayOfYear: values[5], zone: zone)
        }
      } catch {
        return try holdOneLine(error.description)
      }
      try hold(crontab.warnings.count <= 16, "\(crontab.warnings.count) warnings")
      for warning in crontab.warnings { try holdOneLine(warning) }
      let base = time.clamped
      try Schedule.crontab(crontab).holdProperties(
        after: time, base: base, span: Int64(FuzzInput.digest(bytes) >> 12))
      try holdWords(crontab)
      try holdMatches(crontab, values, after: time)
    })

  /// A field's value: `#5` is a number, `[1,2]` is a list, an empty line is no value.
  private static func fieldValue(_ line: [UInt8]) -> CrontabFieldValue? {
    let text = String(decoding: line, as: UTF8.self)
    if text.isEmpty { return nil }
    if text.hasPrefix("#"), let number = Int64(text.dropFirst()) { return .number(number) }
    if text.hasPrefix("["), text.hasSuffix("]") {
      return .list(
        text.dropFirst().dropLast().split(separator: ",").map { Int64($0).map { .number($0) } ?? .text("x") })
    }
    return .text(text)
  }

  private static func holdWords(_ crontab: Crontab) throws {
    let words = crontab.fieldsInWords
    guard !words.contains("day_of_year") else { return }
    let again: Crontab
    do { again = try Crontab(line: words, zone: crontab.zone) } catch {
      throw BrokenProperty("its own words \(words) are refused: \(error)")
    }
    try hold(again == crontab && again.fieldsInWords == words, "its words \(words) mean something else")
  }

  /// Holds that the clock shows a match at each due time, and at no minute before it. Where clocks have just changed
  /// another rule holds.
  private static func holdMatches(_ crontab: Crontab, _ values: [CrontabFieldValue?], after time: UnixTime) throws {
    guard values.count == 6 else { throw BrokenProperty("a line of \(values.count) fields was accepted") }
    var warnings = CrontabWarnings()
    let fields: [CrontabField] = [.minute, .hour, .dayOfWeek, .dayOfMonth, .monthOfYear, .dayOfYear]
    let sets = try zip(fields, values).map { try $0.numbers(of: $1, warnings: &warnings) }
    func matches(_ time: UnixTime) -> Bool {
      let local = crontab.zone.localTime(at: time)
      let parts = [local.minute, local.hour, local.dayOfWeek, local.day, local.month, local.dayOfYear]
      return local.second == 0 && local.microsecond == 0 && zip(sets, parts).allSatisfy { $0.contains($1) }
    }
    let day: Int64 = 86_400_000_000
    func isSteady(_ from: UnixTime, _ to: UnixTime) -> Bool {
      guard let change = crontab.zone.nextTransition(after: from.advanced(by: -2 * day)) else { return true }
      return change > to.advanced(by: 1)
    }
    guard let due = crontab.nextDue(after: time) else { return }
    if isSteady(due, due) { try hold(matches(due), "\(crontab.fieldsInWords) is due at \(due.iso8601)") }
    let start = max(time, .earliest)
    guard isSteady(start, min(due, start.advanced(by: day))) else { return }
    let offset = Int64(crontab.zone.utcOffset(at: start)) * 1_000_000
    let reading = start.microseconds + offset
    var minute = UnixTime(microseconds: start.microseconds + 60_000_000 - reading.flooredRemainder(by: 60_000_000))
    for _ in 0..<1_500 where minute < due {
      try hold(!matches(minute), "\(crontab.fieldsInWords) after \(time.iso8601) leaves \(minute.iso8601) out")
      minute = minute.advanced(by: 60_000_000)
    }
  }
}
