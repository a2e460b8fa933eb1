/// More is due than is sent: how many schedules fall behind, and which schedules take most of the fires.
package struct Congestion: Hashable, Sendable {
  /// One schedule's part of all fires.
  package struct Share: Hashable, Sendable {
    package var schedule: EntryName
    /// How often it fires in a minute, at least.
    package var perMinute: Int64
    /// The share of all fires, in percent, rounded down.
    package var percent: Int

    package init(schedule: EntryName, perMinute: Int64, percent: Int) {
      self.schedule = schedule
      self.perMinute = perMinute
      self.percent = percent
    }
  }

  /// At most this many schedules are named.
  static let mostShares = 5
  /// Schedules that have been behind for less are not reported, since it may be a burst; microseconds.
  static let patience = FiringHealth.patience

  /// How many schedules wait behind those that are on time, except those whose fire is on its way.
  package var behind: Int
  /// Since when a schedule has been behind, by the store's clock; nil: none is.
  package var since: UnixTime?
  /// `--max-rate` defers fires.
  package var isLimited: Bool
  /// How often all schedules together fire in a minute.
  package var perMinute: Int64
  /// The schedules with the largest shares, the largest first; empty: many schedules fire a little each.
  package var busiest: [Share]

  package init(behind: Int, since: UnixTime?, isLimited: Bool, perMinute: Int64, busiest: [Share]) {
    self.behind = behind
    self.since = since
    self.isLimited = isLimited
    self.perMinute = perMinute
    self.busiest = busiest
  }

  /// The report as one JSON object.
  package var json: String {
    let shares = busiest.map {
      #"{"schedule": \#(JSONText.string($0.schedule.description)), "per_minute": \#($0.perMinute), "percent": \#($0.percent)}"#
    }
    return #"{"behind": \#(behind), "since": \#(JSONText.string(since?.iso8601)), "limited": \#(isLimited), "#
      + #""per_minute": \#(perMinute), "busiest": [\#(shares.joined(separator: ", "))]}"#
  }

  /// Reads what `json` has written; nil: the value is no object. A missing number is 0.
  init?(_ slice: JSONSlice, in bytes: [UInt8]) {
    guard slice.kind == .object, let layout = try? DocumentLayout(Array(bytes[slice.range])) else { return nil }
    func number(_ field: String, of layout: DocumentLayout) -> Int64 {
      layout[field].flatMap { DocumentNumber($0, in: layout.bytes)?.integer } ?? 0
    }
    var shares: [Share] = []
    if let list = layout["busiest"], list.kind == .array {
      for element in JSONScanner.items(of: list, in: layout.bytes).prefix(Self.mostShares) {
        guard let share = try? DocumentLayout(Array(layout.bytes[element.range])), let name = share.text("schedule")
        else {
          continue
        }
        shares.append(
          Share(
            schedule: EntryName(name), perMinute: number("per_minute", of: share),
            percent: Int(clamping: number("percent", of: share))))
      }
    }
    self.init(
      behind: Int(clamping: number("behind", of: layout)),
      since: layout.text("since").flatMap { UnixTime(iso8601: $0) },
      isLimited: layout.bool("limited") ?? false, perMinute: number("per_minute", of: layout), busiest: shares)
  }
}

extension Scheduler {
  /// What `status` reports of the present backlog; nil: no schedule has been behind for longer than a burst.
  package mutating func congestion(now: UnixTime) -> Congestion? {
    guard isLeading, isWatching else { return nil }
    let since = backlog.since(at: now).flatMap { now.microseconds(since: $0) >= Congestion.patience ? $0 : nil }
    let isLimited = rate?.deferredAt.map { now.microseconds(since: $0) <= Congestion.patience } ?? false
    guard since != nil || isLimited else { return nil }
    let census = busiest.census(at: now)
    func perMinute(_ count: Int64) -> Int64 {
      census.map { count.saturatingMultiply(by: 60_000_000) / $0.span } ?? 0
    }
    let shares = (census?.shares ?? []).prefix(Congestion.mostShares).compactMap { share in
      entries[share.handle].map {
        Congestion.Share(
          schedule: $0.name, perMinute: perMinute(share.count),
          percent: Int(share.count * 100 / max(1, census?.total ?? 1)))
      }
    }
    return Congestion(
      behind: since == nil ? backlog.count : max(1, backlog.count), since: since, isLimited: isLimited,
      perMinute: perMinute(census?.total ?? 0),
      busiest: Array(shares))
  }
}
