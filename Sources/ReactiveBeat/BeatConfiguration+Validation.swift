import BeatCore
import BeatRedis

extension BeatConfiguration {
  /// Throws an error that names the first value that is out of its range or contradicts another value.
  func validate() throws(BeatError) {
    func check<Value: Comparable>(_ name: String, _ value: Value?, _ range: ClosedRange<Value>) throws(BeatError) {
      guard let value, !range.contains(value) else { return }
      throw BeatError(.configuration, "\(name): \(value) is not in \(range.lowerBound) to \(range.upperBound)")
    }
    try check("shortestInterval", shortestInterval, .milliseconds(10) ... .seconds(86_400))
    try check("maximumRate", maximumRate, 1...1_000_000)
    try check("leaseTTL", leaseTTL, .seconds(1) ... .seconds(3600))
    try check("outboxLimit", outboxLimit, 1...10_000_000)
    try check("historyLength", historyLength, 0...10_000_000)
    try check("pollInterval", pollInterval, .seconds(1) ... .seconds(3600))
    try check("auditInterval", auditInterval, .seconds(1) ... .seconds(86_400))
    try check("stopPatience", stopPatience, .zero ... .seconds(3600))
    if let problem = reserved.problem(defaultQueue) { throw BeatError(.configuration, "defaultQueue: \(problem)") }
    if let overlap { throw BeatError(.configuration, overlap) }
    do { _ = try ZoneDirectory().zone(timezone) } catch { throw BeatError(.configuration, "timezone: \(error)") }
  }

  /// Why a daemon would take the broker's queues for schedules, with each message; nil: it would not.
  package var overlap: String? {
    let prefix = transportOptions.keys.globalPrefix
    guard let store = store.redis, let broker = broker.redis, store.location == broker.location,
      store.database == broker.database,
      prefix.starts(with: keyPrefix.utf8)
    else { return nil }
    return
      "global_keyprefix \(EntryName(prefix)) begins with the schedules' key prefix \(keyPrefix.printable), "
      + "in the same database: queues would be taken for schedules; give the schedules a database or prefix of their own"
  }
}
