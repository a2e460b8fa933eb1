/// What a daemon reports about itself in the store, for `beat-watch status`. The daemon writes it when it has changed,
/// so an idle daemon writes nothing.
package struct DaemonRecord: Hashable, Sendable {
  package var version: String
  package var host: String
  package var processID: Int32
  /// When the process began to run.
  package var since: UnixTime
  package var isLeading: Bool
  /// How edits are detected: the name of a `ChangeDetection`.
  package var events: String
  package var delivery: String
  package var schedules: Int
  package var rejected: Int
  /// How many edits audits have found of which no event had told.
  package var repaired: Int
  /// How many messages this daemon has set aside since it began, because the broker will never take them.
  package var setAside = 0
  /// How many messages this daemon has delivered since it began of which the broker may have two.
  package var possibleRepeats = 0
  package var timezone: String
  package var broker: String
  /// The options in which daemons should not differ; empty: an earlier version's record, which does not list them.
  package var options: [DaemonOption] = []
  /// The daemon has not read all schedules since it connected, and nothing fires before that. Earlier versions write no
  /// record during that time.
  package var isLoading = false
  /// The name of the application whose manifest this daemon went by until it was gone; nil: none is gone.
  package var applicationGone: String?
  /// What became of its fires; nil: an earlier version's record, which does not say.
  package var firing: FiringReport?

  package init(
    version: String, host: String, processID: Int32, since: UnixTime, isLeading: Bool, events: String, delivery: String,
    schedules: Int, rejected: Int, repaired: Int, timezone: String, broker: String
  ) {
    self.version = version
    self.host = host
    self.processID = processID
    self.since = since
    self.isLeading = isLeading
    self.events = events
    self.delivery = delivery
    self.schedules = schedules
    self.rejected = rejected
    self.repaired = repaired
    self.timezone = timezone
    self.broker = broker
  }

  /// The record as one line of JSON.
  package var bytes: [UInt8] {
    var text: [UInt8] = []
    func put(_ name: String, _ value: String) {
      text.append(text.isEmpty ? "{" : ", ")
      text.appendJSON(name)
      text.append(": ")
      text.appendJSON(value)
    }
    func put(_ name: String, _ value: Int) {
      text.append(#", "\#(name)": \#(value)"#)
    }
    put("state", isLeading ? "leading" : "standing by")
    put("version", version)
    put("host", host)
    put("pid", Int(processID))
    put("since", since.iso8601)
    put("events", events)
    put("delivery", delivery)
    put("schedules", schedules)
    put("rejected", rejected)
    put("repaired", repaired)
    put("timezone", timezone)
    put("broker", broker)
    if !options.isEmpty {
      let members = options.map { "\(JSONText.string($0.name)): \(JSONText.string($0.value))" }
      text.append(#", "options": {\#(members.joined(separator: ", "))}"#)
    }
    if setAside > 0 { put("set_aside", setAside) }
    if possibleRepeats > 0 { put("possible_repeats", possibleRepeats) }
    if isLoading { text.append(#", "loading": true"#) }
    if let applicationGone { put("application_gone", applicationGone) }
    if let firing { text.append(#", "firing": \#(firing.json)"#) }
    text.append("}")
    return text
  }

  /// Reads what `bytes` has written; nil: another program wrote it. A field that is missing, as in another version's
  /// record, is empty.
  package init?(_ bytes: [UInt8]) {
    guard let layout = try? DocumentLayout(bytes), let state = layout.text("state") else { return nil }
    func text(_ field: String) -> String { layout.text(field) ?? "" }
    func number(_ field: String) -> Int {
      layout[field].flatMap { DocumentNumber($0, in: bytes)?.integer }.map { Int(clamping: $0) } ?? 0
    }
    self.init(
      version: text("version"), host: text("host"), processID: Int32(clamping: number("pid")),
      since: UnixTime(iso8601: text("since")) ?? UnixTime(microseconds: 0), isLeading: state == "leading",
      events: text("events"), delivery: text("delivery"), schedules: number("schedules"), rejected: number("rejected"),
      repaired: number("repaired"), timezone: text("timezone"), broker: text("broker"))
    if let slice = layout["options"], slice.kind == .object {
      options = JSONScanner.members(of: slice, in: bytes).compactMap { member in
        JSONScanner.text(of: member.value, in: bytes).map { DaemonOption(member.key, $0) }
      }
    }
    setAside = number("set_aside")
    possibleRepeats = number("possible_repeats")
    isLoading = layout.bool("loading") ?? false
    applicationGone = layout.text("application_gone")
    firing = layout["firing"].flatMap { FiringReport($0, in: bytes) }
  }
}
