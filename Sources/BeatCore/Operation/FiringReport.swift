/// What a daemon reports about its fires: what succeeded last, and what prevents others. Part of its `DaemonRecord`.
package struct FiringReport: Hashable, Sendable {
  /// A lasting reason why schedules do not fire, or why their messages are not delivered.
  package struct Obstacle: Hashable, Sendable {
    package var reason: String
    /// Since when, by the store's clock.
    package var since: UnixTime
    /// How many schedules or messages wait for its end; nil: not known.
    package var count: Int?
    /// The schedule that has waited longest; nil: the obstacle concerns no single one.
    package var schedule: EntryName?
    /// Only of messages in the outbox: no other message was delivered since then either.
    package var isTotal = false

    package init(reason: String, since: UnixTime, count: Int? = nil, schedule: EntryName? = nil, isTotal: Bool = false)
    {
      self.isTotal = isTotal
      self.reason = reason
      self.since = since
      self.count = count
      self.schedule = schedule
    }
  }

  /// When the last fire succeeded, by the store's clock; nil: this process has fired nothing yet.
  package var fired: UnixTime?
  /// Why this daemon could not fire if it led; nil: no reason is known.
  package var unable: String?
  /// What this daemon lacks but can fire without, so another daemon should lead; nil: nothing is known to be missing.
  package var lacks: String?
  /// Fires that the store refuses, or whose message cannot be made.
  package var refused: Obstacle?
  /// Only where store and broker are two servers: the broker cannot be reached, and no message is delivered.
  package var brokerLost: Obstacle?
  /// Only where store and broker are two servers: messages stay in the outbox because the broker does not take them.
  package var deferral: Obstacle?
  /// Which schedules take most of the fires while others fall behind; nil: none falls behind.
  package var congestion: Congestion?

  package init() {}

  /// A longer reason is cut; characters.
  static let longestReason = 500

  /// The report as one JSON object.
  var json: String {
    var members: [String] = [#""fired": \#(JSONText.string(fired?.iso8601))"#]
    if let unable { members.append(#""unable": \#(JSONText.string(unable))"#) }
    if let lacks { members.append(#""lacks": \#(JSONText.string(String(lacks.prefix(Self.longestReason))))"#) }
    for (key, obstacle) in [("refused", refused), ("broker_lost", brokerLost), ("held_back", deferral)] {
      guard let obstacle else { continue }
      let reason = String(obstacle.reason.prefix(Self.longestReason))
      var parts = [
        #""reason": \#(JSONText.string(reason))"#, #""since": \#(JSONText.string(obstacle.since.iso8601))"#,
      ]
      if let count = obstacle.count { parts.append(#""count": \#(count)"#) }
      if let schedule = obstacle.schedule { parts.append(#""schedule": \#(JSONText.string(schedule.description))"#) }
      if obstacle.isTotal { parts.append(#""total": true"#) }
      members.append(#""\#(key)": {\#(parts.joined(separator: ", "))}"#)
    }
    if let congestion { members.append(#""congestion": \#(congestion.json)"#) }
    return "{\(members.joined(separator: ", "))}"
  }

  /// Reads what `json` has written. A part that is missing or malformed is nil.
  init?(_ slice: JSONSlice, in bytes: [UInt8]) {
    guard slice.kind == .object, let layout = try? DocumentLayout(Array(bytes[slice.range])) else { return nil }
    fired = layout.text("fired").flatMap { UnixTime(iso8601: $0) }
    unable = layout.text("unable")
    lacks = layout.text("lacks")
    refused = layout["refused"].flatMap { Obstacle($0, in: layout.bytes) }
    brokerLost = layout["broker_lost"].flatMap { Obstacle($0, in: layout.bytes) }
    deferral = layout["held_back"].flatMap { Obstacle($0, in: layout.bytes) }
    congestion = layout["congestion"].flatMap { Congestion($0, in: layout.bytes) }
  }
}

extension FiringReport.Obstacle {
  fileprivate init?(_ slice: JSONSlice, in bytes: [UInt8]) {
    guard slice.kind == .object, let layout = try? DocumentLayout(Array(bytes[slice.range])),
      let reason = layout.text("reason"), let since = layout.text("since").flatMap({ UnixTime(iso8601: $0) })
    else { return nil }
    self.init(
      reason: reason, since: since,
      count: layout["count"].flatMap { DocumentNumber($0, in: layout.bytes)?.integer }.map { Int(clamping: $0) },
      schedule: layout.text("schedule").map { EntryName(notation: $0) ?? EntryName($0) },
      isTotal: layout.bool("total") ?? false)
  }
}
