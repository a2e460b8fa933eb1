@testable import BeatCore

extension Schedule {
  /// What must hold of every schedule that was accepted, seen from any time.
  /// - Parameter zone: of the wall clock, if it is not one of the world's.
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
    // `WallClockSeries` tells of the clocks that it does not follow.
    if let zone, zone.changesClocksOften(from: time, to: max(now, dues.last ?? now)) { return }

    // Looked for from any time in between, the same one comes.
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
  /// Whether it changes clocks twice within four days, or so often that it would take long to see.
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
