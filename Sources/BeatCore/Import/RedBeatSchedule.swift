/// What a RedBeat definition's `schedule` becomes.
enum RedBeatSchedule {
  /// The same kind here, and the zone by whose clock it goes.
  case same(WrittenSchedule, zone: String?)
  case rule(RecurrenceRule)
  case once(UnixTime)

  /// The type of a recurrence rule, which is an interval or a single time here.
  private static let rule = "rrule"

  init(_ definition: DocumentLayout, _ settings: ImportSettings) throws(ImportRefusal) {
    guard let slice = definition["schedule"] else { throw ImportRefusal("has no schedule") }
    let bytes = definition.bytes
    func text(_ slice: JSONSlice) -> String { String(decoding: bytes[slice.range], as: UTF8.self) }
    if slice.kind == .number {
      self = .same(.interval(every: text(slice), period: .seconds), zone: nil)
      return
    }
    guard let schedule = definition.object("schedule") else {
      throw ImportRefusal("schedule \(DocumentProblem.excerpt(bytes[slice.range])) is none of RedBeat's")
    }
    let type = schedule.text("__type__") ?? ""
    guard type != Self.rule else {
      let rule = try RecurrenceRule(schedule)
      self = rule.isSingle ? .once(rule.first) : .rule(rule)
      return
    }
    switch ScheduleKind(rawValue: type) {
    case .interval:
      guard let every = schedule["every"] else { throw ImportRefusal("schedule.every is missing") }
      let seconds = String(decoding: schedule.bytes[every.range], as: UTF8.self)
      let relative = schedule.bool("relative") == true
      self = .same(
        .interval(every: seconds, period: .seconds, relative: relative), zone: relative ? settings.timezone : nil)
    case .crontab:
      self = .same(WrittenSchedule(.crontab, schedule, leavingOut: ["__type__"]), zone: settings.timezone)
    case .clocked, nil:
      throw ImportRefusal(
        "its schedule is of the type \"\(DocumentProblem.excerpt(type.utf8))\", which is not known here; write it as interval, crontab or "
          + "clocked")
    }
  }
}

/// The recurrence rules that an interval can express: from a beginning on, every so many seconds, minutes, hours, days or
/// weeks, for ever, so many times, or until an end.
struct RecurrenceRule {
  /// The first occurrence.
  let first: UnixTime
  /// The last one, if there is one.
  let last: UnixTime?
  private let every: Int64
  private let period: Period
  private let length: Int64

  /// dateutil's numbers for the frequencies, yearly being 0.
  private static let periods: [Int64: Period] = [2: .weeks, 3: .days, 4: .hours, 5: .minutes, 6: .seconds]

  init(_ rule: DocumentLayout) throws(ImportRefusal) {
    let restrictions = rule.members.filter { $0.key.hasPrefix("by") && $0.value.kind != .null }.map(\.key)
    guard restrictions.isEmpty else {
      throw ImportRefusal(
        "its rrule has \(restrictions.joined(separator: ", ")), which cannot be expressed; write it as a crontab")
    }
    guard let start = Self.seconds(rule, "dtstart") else { throw ImportRefusal("its rrule has no dtstart") }
    let every = rule["interval"] == nil ? 1 : rule.number("interval")?.integer ?? 0
    let count = rule["count"] == nil ? nil : rule.number("count")?.integer
    first = start
    self.every = every
    if count == 1 {
      (period, length, last) = (.seconds, 1, start)
      return
    }
    guard let period = rule.number("freq")?.integer.flatMap({ Self.periods[$0] }) else {
      throw ImportRefusal("its rrule is monthly or yearly, which cannot be expressed; write it as a crontab")
    }
    self.period = period
    length = every.saturatingMultiply(by: period.microseconds)
    guard every > 0, length <= Interval.longest else { throw ImportRefusal("its rrule has no usable interval") }
    if let count {
      guard count > 0 else { throw ImportRefusal("its rrule has the count 0, so it never runs; leave it") }
      last = start.advanced(by: length.saturatingMultiply(by: count - 1)).clamped
    } else {
      last = Self.seconds(rule, "until")
    }
  }

  /// When the one after the last would be due: nothing comes at a schedule's end, and the last one comes before it.
  var end: UnixTime? {
    last.map { last in
      let steps = last.microseconds(since: first).flooredDivision(by: length)
      return first.advanced(by: steps.saturatingAdd(1).saturatingMultiply(by: length)).clamped
    }
  }

  var isSingle: Bool { last == first }

  var interval: WrittenSchedule { .interval(every: every, period: period) }

  /// An instant of the series from which the next occurrence counts: the newest not after the last run. One that never ran
  /// is due at once, or at its beginning.
  func base(lastRunAt: UnixTime?, now: UnixTime) -> UnixTime {
    guard let time = lastRunAt ?? (first > now ? now : nil) else { return first.advanced(by: -length).clamped }
    let distance = time.microseconds(since: first)
    return first.advanced(by: distance.flooredDivision(by: length).saturatingMultiply(by: length)).clamped
  }

  private static func seconds(_ rule: DocumentLayout, _ key: String) -> UnixTime? {
    rule.number(key)?.microseconds(perUnit: 1_000_000).map { UnixTime(microseconds: $0).clamped }
  }
}
