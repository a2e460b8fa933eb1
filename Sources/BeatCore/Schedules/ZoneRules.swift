/// The rules of one time zone: how its wall clocks differ from UTC, at every instant.
///
/// Made from the bytes of a TZif file (RFC 9636), the format of `/usr/share/zoneinfo`. Immutable; schedules of the same
/// zone share one object.
package final class ZoneRules: Sendable, Hashable {
  /// The zone's name as given to the initializer, such as `Europe/Berlin`.
  package let name: String
  private let file: ZoneFile
  /// The stretches up to where the file's last line takes over, ascending. Empty if it rules from the beginning.
  private let segments: [Segment]

  /// Coordinated Universal Time.
  package static let utc = ZoneRules(name: "UTC", file: ZoneFile(utcOnly: "UTC"))

  /// Reads a TZif file of version 1, 2, 3 or 4, up to 256 KiB and 2,000 transitions.
  /// Throws if it is damaged, is no TZif file, or counts leap seconds.
  package convenience init(name: String, tzif: [UInt8]) throws(ZoneError) {
    do throws(ZoneFileFault) {
      self.init(name: name, file: try ZoneFile(bytes: tzif))
    } catch {
      throw ZoneError(zone: name, message: error.message)
    }
  }

  private init(name: String, file: ZoneFile) {
    self.name = name
    self.file = file
    segments = file.segments()
  }

  package static func == (left: ZoneRules, right: ZoneRules) -> Bool {
    left === right || (left.name == right.name && left.file == right.file)
  }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(name)
    hasher.combine(file.transitionTimes.count)
    hasher.combine(file.footer)
  }

  /// Seconds that wall clocks are ahead of UTC (negative: behind).
  package func utcOffset(at time: UnixTime) -> Int {
    Int(segment(at: time.seconds).offset)
  }

  /// The name of the local time in force, such as `CEST`.
  package func abbreviation(at time: UnixTime) -> String { type(at: time.seconds).abbreviation }

  /// Whether the zone calls the local time in force daylight saving time.
  package func isDST(at time: UnixTime) -> Bool { type(at: time.seconds).isDST }

  /// What a wall clock shows.
  package func localTime(at time: UnixTime) -> CivilTime {
    let offset = segment(at: time.seconds).offset &* 1_000_000
    return CivilTime(reading: time.microseconds.saturatingAdd(offset))
  }

  /// The instants at which a wall clock shows a reading.
  package enum Resolution: Hashable, Sendable {
    /// The clock shows the reading once.
    case unique(UnixTime)
    /// Clocks were put forward over it. `shifted` lies as long after the change as the reading after the last one
    /// shown before: 02:30 becomes 03:30 where 02:00 became 03:00. `length` is the length of the gap in seconds.
    case gap(shifted: UnixTime, length: Int)
    /// Clocks were put back, and show it twice.
    case overlap(first: UnixTime, second: UnixTime)
  }

  /// The instants at which wall clocks show `civil`.
  package func resolve(_ civil: CivilTime) -> Resolution {
    let reading = civil.reading
    let readingSeconds = reading.flooredDivision(by: 1_000_000)
    let margin = ZoneFile.maximumOffset &+ 1
    var cursor = readingSeconds &- margin
    let limit = readingSeconds &+ margin
    var first: UnixTime?
    var gap: (shifted: UnixTime, length: Int64)?
    // Each round steps over one transition in the 52 hours around the reading; a file has a bounded number of them.
    for _ in 0...ZoneFile.maximumTransitions {
      let segment = segment(at: cursor)
      let local = readingSeconds &- segment.offset
      if local >= segment.start, local < segment.end {
        let time = UnixTime(microseconds: reading.saturatingSubtract(segment.offset &* 1_000_000))
        if let first { return .overlap(first: first, second: time) }
        first = time
      }
      if gap == nil, segment.start > .min, segment.previousOffset < segment.offset,
        readingSeconds >= segment.start &+ segment.previousOffset, readingSeconds < segment.start &+ segment.offset
      {
        let shifted = UnixTime(microseconds: reading.saturatingSubtract(segment.previousOffset &* 1_000_000))
        gap = (shifted, segment.offset &- segment.previousOffset)
      }
      guard segment.end <= limit else { break }
      cursor = segment.end
    }
    if let first { return .unique(first) }
    if let gap { return .gap(shifted: gap.shifted, length: Int(gap.length)) }
    // Every reading is shown or lies in a gap; this line is for the ends of time, where sums saturate.
    return .unique(UnixTime(microseconds: reading))
  }

  /// The instant at which wall clocks show `civil`. A reading that is shown twice means the first time, as in Python. One
  /// that is never shown means as much later as clocks were put forward.
  package func instant(showing civil: CivilTime) -> UnixTime {
    switch resolve(civil) {
    case .unique(let instant), .overlap(let instant, _), .gap(let instant, _): instant
    }
  }

  /// The next instant at which the local time type changes: its distance from UTC, its name or its being called
  /// daylight saving. The rule in the file's last line counts too. Nil if nothing changes any more.
  package func nextTransition(after time: UnixTime) -> UnixTime? {
    let current = type(at: time.seconds)
    var second = time.seconds
    // Transitions without a change exist; so do rules that change nothing, which a few steps show.
    for _ in 0..<(file.transitionTimes.count &+ 8) {
      let index = file.transitionIndex(at: second) &+ 1
      if index < file.transitionTimes.count {
        second = file.transitionTimes[index]
      } else {
        guard let footer = file.footer else { return nil }
        second = footer.span(at: second).end
        guard second < .max else { return nil }
      }
      if type(at: second) != current {
        let change = UnixTime(seconds: second)
        return change > time ? change : nil
      }
    }
    return nil
  }
}

extension ZoneRules {
  /// A stretch of time in which wall clocks keep one distance from UTC. All in seconds.
  struct Segment {
    /// First second; `Int64.min` if it has no beginning.
    var start: Int64
    /// First second after it; `Int64.max` if it has no end.
    var end: Int64
    var offset: Int64
    /// The distance before `start`.
    var previousOffset: Int64
    /// Wall clock readings below this one (seconds, as if the wall clock were UTC) were shown before `start`, or
    /// stepped over; those from it on are new.
    var shownUpTo: Int64
  }

  /// The stretch that holds a second counted from the epoch.
  func segment(at time: Int64) -> Segment {
    guard let last = segments.last, time < last.end || last.end == .max else { return ruledSegment(at: time) }
    var (low, high) = (0, segments.count)
    while high &- low > 1 {
      let middle = (low &+ high) / 2
      if segments[middle].start <= time { low = middle } else { high = middle }
    }
    return segments[low]
  }

  /// The stretch of a second for which the file's last line gives the rule.
  private func ruledSegment(at time: Int64) -> Segment {
    let footer = file.footer ?? ZoneFooter(standard: file.types[0])
    let span = footer.span(at: time)
    let previousOffset = footer.type(daylight: span.wasDaylight).utcOffset
    var shownUpTo = max(segments.last?.shownUpTo ?? .min, span.start.saturatingAdd(previousOffset))
    if span.previousStart >= segments.last?.end ?? .min {
      // Starts and ends alternate, so the stretch before the previous one was of the other kind.
      let offset = footer.type(daylight: !span.wasDaylight).utcOffset
      shownUpTo = max(shownUpTo, span.previousStart.saturatingAdd(offset))
    }
    return Segment(
      start: span.start, end: span.end, offset: footer.type(daylight: span.isDaylight).utcOffset,
      previousOffset: previousOffset, shownUpTo: shownUpTo)
  }

  private func type(at time: Int64) -> LocalTimeType {
    let count = file.transitionTimes.count
    if count == 0 || time >= file.transitionTimes[count &- 1] {
      if let footer = file.footer { return footer.type(daylight: footer.span(at: time).isDaylight) }
      return count == 0 ? file.types[0] : file.type(afterTransition: count &- 1)
    }
    let index = file.transitionIndex(at: time)
    return index < 0 ? file.types[0] : file.type(afterTransition: index)
  }
}

extension ZoneFile {
  /// The stretches between transitions that change the distance from UTC. The last one ends where the footer's rule
  /// makes its first change. Empty if there are no transitions and the footer rules all time.
  fileprivate func segments() -> [ZoneRules.Segment] {
    guard let lastTime = transitionTimes.last else {
      guard footer == nil else { return [] }
      let offset = types[0].utcOffset
      return [.init(start: .min, end: .max, offset: offset, previousOffset: offset, shownUpTo: .min)]
    }
    let firstOffset = types[0].utcOffset
    var segments: [ZoneRules.Segment] = []
    var current = ZoneRules.Segment(
      start: .min, end: .max, offset: firstOffset, previousOffset: firstOffset, shownUpTo: .min)
    let ruled = footer?.span(at: lastTime)
    for (index, time) in transitionTimes.enumerated() {
      var offset = type(afterTransition: index).utcOffset
      // From the last transition on the footer counts, should the two disagree.
      if time == lastTime, let footer, let ruled { offset = footer.type(daylight: ruled.isDaylight).utcOffset }
      guard offset != current.offset else { continue }
      current.end = time
      segments.append(current)
      current = ZoneRules.Segment(
        start: time, end: .max, offset: offset, previousOffset: current.offset,
        shownUpTo: max(current.shownUpTo, time.saturatingAdd(current.offset)))
    }
    current.end = ruled?.end ?? .max
    return segments + [current]
  }

  /// The index of the newest transition at or before a second; -1 before the first.
  fileprivate func transitionIndex(at time: Int64) -> Int {
    var (low, high) = (-1, transitionTimes.count)
    while high &- low > 1 {
      let middle = (low &+ high) / 2
      if transitionTimes[middle] <= time { low = middle } else { high = middle }
    }
    return low
  }

  fileprivate func type(afterTransition index: Int) -> LocalTimeType { types[Int(transitionTypes[index])] }
}
