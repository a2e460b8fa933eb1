@testable import BeatCore

extension Schedule {
  /// Holds what must be true of every accepted schedule, seen from any time.
  /// - Parameter zone: the wall clock's zone, if it is not a real one.
  func holdProperties(after time: UnixTime, base: UnixTime, span: Int64, in zone: ZoneRules? = nil) throws {
    var dues: [UnixTime] = []
    var cursor = time
    for _ in 0..<4 {
      guard let due = nextDue(after: cursor, base: base) else { break }
      try hold(due > cursor, "\(inWords): due at \(due), which is not after \(cursor)")
      try hold(due <= .latest, "\(inWords): due at \(due), after the last date of Python")
      dues.append(due)
      cursor = due
    }
    let now = time.advanced(by: span & .max)
    let latest = latestDue(atOrBefore: now, after: time, base: base)
    if let latest { try hold(latest > time && latest <= now, "\(inWords): the latest at \(now) is \(latest)") }
    let count = occurrences(after: time, atOrBefore: now, base: base, limit: 3)
    // `WallClockSeries` says which clocks it does not follow.
    if let zone, zone.changesClocksOften(from: time, to: max(now, dues.last ?? now)) { return }

    // A search from any time in between must find the same due time.
    if let first = dues.first, time > .earliest {
      let middle = time.advanced(by: first.microseconds(since: time) / 2)
      try hold(
        nextDue(after: middle, base: base) == first,
        "\(inWords): after \(time) comes \(first), after \(middle) it does not")
    }
    let upToNow = dues.filter { $0 <= now }.count
    try hold(count == min(3, upToNow), "\(inWords): \(count) occurrences from \(time) to \(now), but \(upToNow)")
    guard let latest else { return try hold(upToNow == 0, "\(inWords): no latest from \(time) to \(now)") }
    if let next = nextDue(after: latest, base: base) {
      try hold(next > now, "\(inWords): the latest at \(now) is \(latest), but \(next) comes after it")
    }
  }
}

extension ZoneRules {
  /// Whether the zone changes its clocks twice within four days, or so often that searching them would take long.
  fileprivate func changesClocksOften(from start: UnixTime, to end: UnixTime) -> Bool {
    let days: Int64 = 4 * 86_400_000_000
    var last = UnixTime.earliest.advanced(by: -days)
    var time = start.advanced(by: -2 * days)
    for _ in 0..<64 {
      guard let change = nextTransition(after: time), change <= end.advanced(by: days) else { return false }
      if change.microseconds(since: last) < days { return true }
      (last, time) = (change, change)
    }
    return true
  }
}
