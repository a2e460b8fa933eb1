/// The findings of several examinations. Some have parts in common, so each finding is reported once.
package final class FindingList {
  /// How many findings there were, with repeats.
  package private(set) var count = 0
  private var told: Set<Finding> = []
  private let report: (Finding) -> Void

  package init(_ report: @escaping (Finding) -> Void) { self.report = report }

  package func add(_ level: Finding.Level, _ check: String, _ text: String, fix: String? = nil) {
    count += 1
    let finding = Finding(level, check, text, fix: fix)
    if told.insert(finding).inserted { report(finding) }
  }

  /// Compares a store's clock with this machine's.
  ///
  /// - Parameters:
  ///   - name: the clock's, such as "the store's clock".
  ///   - before: by this machine's clock, before the store was asked.
  ///   - after: and after its answer.
  package func addClock(_ name: String, says theirs: UnixTime, between before: UnixTime, and after: UnixTime) {
    let difference = max(theirs.microseconds(since: after), before.microseconds(since: theirs))
    if difference > 2_000_000 {
      let isAhead = theirs > after
      add(
        .warning, "clock",
        "\(name) is \(TimeText.span(difference)) \(isAhead ? "ahead of" : "behind") this machine's; "
          + "schedules go by \(name)",
        fix: "set the clock that is wrong, and let NTP keep it (timedatectl set-ntp true)")
    } else {
      add(.ok, "clock", "\(name) and this machine's agree")
    }
  }

  /// - Parameter count: of the messages in the outbox.
  package func addWaiting(_ count: Int64) {
    guard count > 0 else { return }
    add(
      count > 100 ? .problem : .warning, "outbox",
      "\(Plural.of(count, "message waits", "messages wait")) for the broker",
      fix: "look for `broker lost` and `deferred` in the log of the daemon that fires")
  }
}
