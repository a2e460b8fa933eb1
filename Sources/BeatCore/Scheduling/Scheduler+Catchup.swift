/// Decides which of several missed occurrences is fired.
extension Scheduler {
  /// The largest number to which skipped occurrences are counted.
  static let countedSkips = 10_000
  /// The shortest time between two counts of a crontab's backlog; microseconds. In that time, a crontab adds at most a
  /// tenth of what the limit allows, since it has one occurrence a minute at most.
  private static let lookAgainAfter = Int64(Limit.backlog.most / 10) * 60_000_000

  /// The occurrence to fire: `due` itself if it is in time, else the one that the catch-up rule chooses, which may lie
  /// in the future. nil: none is left.
  mutating func occurrence(of handle: DueHeap.Handle, due: UnixTime, now: UnixTime) -> UnixTime? {
    guard let entry = entries[handle] else { return due }
    let grace = configuration.missedAfter
    let schedule = entry.timing.schedule
    func first(notMissedBy age: Int64) -> UnixTime? {
      schedule.nextDue(after: now.advanced(by: -age).advanced(by: -1), base: entry.seriesBase)
    }
    var chosen: UnixTime?
    switch Lateness(of: due, entry, now: now, grace: grace) {
    case .ended:
      leave(handle, from: due, end: entry.timing.expiresAt ?? now)
      return nil
    case .asked, .inTime: return due
    case .all: chosen = oldest(of: handle, entry, from: due, now: now)
    case .latest: chosen = schedule.latestDue(atOrBefore: now, after: due, base: entry.seriesBase) ?? due
    case .skipped: chosen = first(notMissedBy: grace)
    }
    if let time = chosen, let window = entry.timing.catchup.window, now.microseconds(since: time) > max(window, grace) {
      chosen = first(notMissedBy: max(window, grace))
    }
    if chosen != due { skip(handle, entry, from: due, to: chosen ?? now.advanced(by: 1)) }
    return entries[handle]?.finish == nil ? chosen : nil
  }

  /// The first occurrence to make up for, if all are made up for one by one. If more were missed than `Limit.backlog`
  /// allows, only the newest are.
  private mutating func oldest(
    of handle: DueHeap.Handle, _ entry: ScheduleEntry, from due: UnixTime, now: UnixTime
  ) -> UnixTime {
    let most = Limit.backlog.most
    let schedule = entry.timing.schedule
    guard schedule.spacing != nil else {
      if let looked = entry.lookedAt, now.microseconds(since: looked) < Self.lookAgainAfter { return due }
      let start = schedule.beginning(ofNewest: most, atOrBefore: now, after: due.advanced(by: -1))
      // A crontab that is less than a week behind cannot exceed the limit, so its count is not recorded.
      if start != nil || now.microseconds(since: due) > 10 * Self.lookAgainAfter { entries[handle]?.lookedAt = now }
      return start.flatMap { schedule.nextDue(after: $0, base: entry.seriesBase) } ?? due
    }
    guard let start = schedule.beginning(ofNewest: most, atOrBefore: now, after: due.advanced(by: -1)) else {
      return due
    }
    // At least a tenth of the limit is left out at once. Otherwise a schedule that never catches up would leave out a
    // few occurrences each time, and report them each time.
    let tenth = due.advanced(by: Int64(most / 10).saturatingMultiply(by: schedule.shortestGap ?? 1) - 1)
    return schedule.nextDue(after: max(start, tenth), base: entry.seriesBase) ?? due
  }

  /// Leaves out all occurrences of a schedule whose end has come: nothing is sent after it.
  private mutating func leave(_ handle: DueHeap.Handle, from due: UnixTime, end: UnixTime) {
    guard let entry = entries[handle] else { return }
    if entry.immediate == nil { return skip(handle, entry, from: due, to: end) }
    entries[handle]?.immediate = nil
    entries[handle]?.floor = end
    actions.append(.report(.skipped(entry.name, count: 1, from: due, through: due)))
  }

  /// Leaves out the occurrences in [due, next). This is reported once, and not decided again.
  mutating func skip(
    _ handle: DueHeap.Handle, _ entry: ScheduleEntry, from due: UnixTime, to next: UnixTime
  ) {
    let last = next.advanced(by: -1)
    let schedule = entry.timing.schedule
    let count = schedule.occurrences(
      after: due.advanced(by: -1), atOrBefore: last, base: entry.seriesBase, limit: Self.countedSkips)
    let through = schedule.latestDue(atOrBefore: last, after: due, base: entry.seriesBase) ?? due
    entries[handle]?.floor = last
    actions.append(.report(.skipped(entry.name, count: count, from: due, through: through)))
  }
}
