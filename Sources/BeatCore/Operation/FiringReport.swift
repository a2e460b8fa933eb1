/// What a daemon says of its fires: what succeeded last, and what stands in the way. Part of its `DaemonRecord`.
package struct FiringReport: Hashable, Sendable {
  /// Something that keeps occurrences, or their messages, from going where they belong.
  package struct Obstacle: Hashable, Sendable {
    package var reason: String
    /// Since when, by Redis' clock.
    package var since: UnixTime
    /// How many schedules, or messages, wait for it to go; nil: not known.
    package var count: Int?
    /// The schedule that has waited longest.
    package var schedule: EntryName?

    package init(reason: String, since: UnixTime, count: Int? = nil, schedule: EntryName? = nil) {
      self.reason = reason
      self.since = since
      self.count = count
      self.schedule = schedule
    }
  }

  /// The last fire that succeeded, by Redis' clock; nil: this process has fired nothing yet.
  package var fired: UnixTime?
  /// Why this daemon could not fire if it had to; nil: nothing is known that stands against it.
  package var unable: String?
  /// What this daemon cannot do, and can fire without, so that another one leads rather; nil: nothing is known.
  package var lacks: String?
  /// Fires that Redis refuses, or that cannot be made.
  package var refused: Obstacle?
  /// On two servers: the broker cannot be reached, and no message is delivered.
  package var brokerLost: Obstacle?
  /// On two servers: messages in the outbox that the broker does not take.
  package var deferral: Obstacle?
  /// Who takes how much, while some do not keep their pace; nil: all do.
  package var congestion: Congestion?

  package init() {}

  /// Longer reasons are cut.
  static let longestReason = 500

  /// One JSON object.
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
      members.append(#""\#(key)": {\#(parts.joined(separator: ", "))}"#)
    }
    if let congestion { members.append(#""congestion": \#(congestion.json)"#) }
    return "{\(members.joined(separator: ", "))}"
  }

  /// From such an object. What is missing, or is written otherwise, is nil.
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
      schedule: layout.text("schedule").map { EntryName(notation: $0) ?? EntryName($0) })
  }
}
