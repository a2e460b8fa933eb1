/// A Celery crontab in a time zone: the minutes whose wall clock reading matches all fields.
///
/// The grammar is that of Celery 5.7. The fields are joined by AND: `day_of_month: 13, day_of_week: fri` is Friday the
/// 13th (cron itself would take every Friday and every 13th). `day_of_year` (1-366) is one more condition.
///
/// Where clocks are changed: a reading that is stepped over occurs once, later by the length of the gap. A reading
/// shown twice occurs twice if the crontab takes all 24 hours, as it then follows real time; one with chosen hours
/// occurs the first time only.
package struct Crontab: Hashable, Sendable {
  let calendar: CrontabCalendar
  /// The zone whose wall clock is read.
  package let zone: ZoneRules
  /// Sentences about what Celery accepts too, but surely means something else than it says. At most 16.
  package let warnings: [String]

  /// A crontab from the fields of a document; nil stands for `*`.
  /// Throws what Celery 5.7 refuses, and dates that never come, such as 30 February.
  package init(
    minute: CrontabFieldValue?, hour: CrontabFieldValue?, dayOfWeek: CrontabFieldValue?,
    dayOfMonth: CrontabFieldValue?, monthOfYear: CrontabFieldValue?, dayOfYear: CrontabFieldValue? = nil,
    zone: ZoneRules
  ) throws(CrontabError) {
    var warnings = CrontabWarnings()
    let minutes = try CrontabField.minute.numbers(of: minute, warnings: &warnings)
    let hours = try CrontabField.hour.numbers(of: hour, warnings: &warnings)
    let daysOfWeek = try CrontabField.dayOfWeek.numbers(of: dayOfWeek, warnings: &warnings)
    let daysOfMonth = try CrontabField.dayOfMonth.numbers(of: dayOfMonth, warnings: &warnings)
    let months = try CrontabField.monthOfYear.numbers(of: monthOfYear, warnings: &warnings)
    let daysOfYear = try CrontabField.dayOfYear.numbers(of: dayOfYear, warnings: &warnings)
    calendar = CrontabCalendar(
      minutes: minutes.words[0],
      daysOfYear: daysOfYear == CrontabField.dayOfYear.everything ? nil : (0..<6).map { daysOfYear.words[$0] },
      hours: UInt32(truncatingIfNeeded: hours.words[0]),
      daysOfMonth: UInt32(truncatingIfNeeded: daysOfMonth.words[0]),
      months: UInt16(truncatingIfNeeded: months.words[0]),
      daysOfWeek: UInt8(truncatingIfNeeded: daysOfWeek.words[0]))
    guard calendar.canMatch else {
      throw CrontabError(
        field: nil,
        message: "no day matches day_of_month, month_of_year, day_of_week and day_of_year together, "
          + "so it would never run")
    }
    calendar.remark(&warnings)
    self.zone = zone
    self.warnings = warnings.list
  }

  /// A crontab from one line in the order of cron: minute, hour, day of month, month, day of week.
  package init(line: String, zone: ZoneRules) throws(CrontabError) {
    let fields = line.split(whereSeparator: \.isWhitespace).map { CrontabFieldValue.text(String($0)) }
    guard fields.count == 5 else {
      throw CrontabError(
        field: nil,
        message:
          "\(quoted(line)) has \(Plural.of(fields.count, "field")), not five: minute hour day_of_month month day_of_week"
      )
    }
    try self.init(
      minute: fields[0], hour: fields[1], dayOfWeek: fields[4], dayOfMonth: fields[2], monthOfYear: fields[3],
      zone: zone)
  }

  /// The first occurrence strictly after an instant; nil if there is none up to the end of year 9999.
  package func nextDue(after time: UnixTime) -> UnixTime? {
    calendar.nextDue(after: time, in: zone)
  }

  /// The fields in cron's order, as the shortest text that means the same: `30 2 * * 1`, and `day_of_year 100` if given.
  package var fieldsInWords: String { calendar.description }

  func combine(into digest: inout ScheduleDigest) {
    calendar.combine(into: &digest)
    digest.combine(zone.name)
  }

  /// Two crontabs are equal if they mean the same, however they were written.
  package static func == (left: Crontab, right: Crontab) -> Bool {
    left.calendar == right.calendar && left.zone == right.zone
  }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(calendar)
    hasher.combine(zone.name)
  }
}

extension CrontabCalendar: WallClockSeries {
  func nextReading(from reading: Int64) -> Int64? {
    let minute = reading.saturatingAdd(59_999_999).flooredDivision(by: 60_000_000)
    return nextMinute(from: minute).map { $0 &* 60_000_000 }
  }

  func repeats(overlap: Int64) -> Bool { hours == Self.allHours }

  func fills(gap: Int64) -> Bool { true }
}

extension CrontabCalendar: CustomStringConvertible {
  /// Mistakes that show only when the fields are seen together.
  fileprivate func remark(_ warnings: inout CrontabWarnings) {
    if daysOfMonth != Self.allDaysOfMonth, daysOfWeek != Self.allDaysOfWeek {
      warnings.add(nil, "day_of_month and day_of_week must both match (cron would run when either does)")
    }
    if minutes == Self.allMinutes, hours.nonzeroBitCount == 1 {
      warnings.add(.minute, "is \"*\", so it runs sixty times in that hour; use 0 for once")
    }
    if months == Self.allMonths, daysOfWeek == Self.allDaysOfWeek, daysOfYear == nil,
      daysOfMonth & 0x1FFF_FFFE == 0
    {
      warnings.add(.dayOfMonth, "months that have no such day are left out")
    }
  }

  var description: String {
    var text = [
      CrontabField.minute.text(of: minutes), CrontabField.hour.text(of: UInt64(hours)),
      CrontabField.dayOfMonth.text(of: UInt64(daysOfMonth)), CrontabField.monthOfYear.text(of: UInt64(months)),
      CrontabField.dayOfWeek.text(of: UInt64(daysOfWeek)),
    ].joined(separator: " ")
    if let daysOfYear { text += " day_of_year \(CrontabField.dayOfYear.text(of: daysOfYear))" }
    return text
  }
}

extension CrontabField {
  func text(of mask: UInt64) -> String { text(of: [mask]) }

  /// The shortest text for a set of numbers: `*`, `*/5` or `1-5,7`.
  func text(of words: [UInt64]) -> String {
    let numbers = (lowest...highest).filter { words[$0 >> 6] >> UInt64($0 & 63) & 1 == 1 }
    if numbers.count == count { return "*" }
    if numbers.count > 1, numbers[0] == lowest {
      let step = numbers[1] - lowest
      if step > 1, numbers.elementsEqual(stride(from: lowest, through: highest, by: step)) { return "*/\(step)" }
    }
    var parts: [String] = []
    var position = 0
    while position < numbers.count {
      var last = position
      while last + 1 < numbers.count, numbers[last + 1] == numbers[last] + 1 { last += 1 }
      switch last - position {
      case 0: parts.append("\(numbers[position])")
      case 1: parts += ["\(numbers[position])", "\(numbers[last])"]
      default: parts.append("\(numbers[position])-\(numbers[last])")
      }
      position = last + 1
    }
    return parts.joined(separator: ",")
  }
}
