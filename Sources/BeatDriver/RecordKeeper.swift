import BeatCore

/// Writes this daemon's record to the store, and compares its options with those in the other daemons' records.
final class RecordKeeper {
  /// How late a change may be written that no health check judges by, such as a count; microseconds.
  private static let leisure: Int64 = 5_000_000
  /// The time between two looks at the other daemons' records; microseconds.
  private static let lookInterval: Int64 = 10_000_000
  private static let mostDifferences = 1000

  var ledger = FireLedger()
  private let instance: String
  private let surroundings: any Surroundings
  private let report: (DaemonEvent) -> Void
  /// The record that was written last, and when.
  private var said: (record: DaemonRecord, at: BootTime)?
  /// The store has refused it.
  private var isRefused = false
  private var lookedAt: BootTime?
  private var differences: Set<String> = []

  init(instance: String, in surroundings: any Surroundings, report: @escaping (DaemonEvent) -> Void) {
    self.instance = instance
    self.surroundings = surroundings
    self.report = report
  }

  /// The store may have lost the record, so the next one is written even if it is the same.
  func forget() {
    said = nil
    lookedAt = nil
  }

  /// Writes the record if it has changed.
  func tell(_ record: DaemonRecord, to registry: any DaemonRegistry) {
    guard record != said?.record else { return }
    write(record, to: registry)
  }

  private func write(_ record: DaemonRecord, to registry: any DaemonRegistry) {
    said = (record, surroundings.bootTime)
    isRefused = false
    registry.write(record) { [weak self] result in
      if case .failure(let refusal) = result, refusal.kind != .lost { self?.isRefused = true }
    }
  }

  /// The same, called with each heartbeat. A change that a health check judges by is written at once, other changes and
  /// refused records some seconds later.
  func keepTelling(_ record: DaemonRecord, to registry: any DaemonRegistry) {
    let now = surroundings.bootTime
    guard let said else { return }
    if isRefused, now.microseconds(since: said.at) >= Self.leisure { return write(record, to: registry) }
    if record.isAsWell(as: said.record), now.microseconds(since: said.at) < Self.leisure { return }
    tell(record, to: registry)
  }

  // MARK: the others

  /// Compares this daemon's options with the other daemons', and warns of each difference once.
  ///
  /// - Parameter isNow: look at once; else only if the last look is old enough.
  func compare(_ record: DaemonRecord, in registry: any DaemonRegistry, isNow: Bool) {
    let now = surroundings.bootTime
    guard isNow || lookedAt.map({ now.microseconds(since: $0) >= Self.lookInterval }) ?? true else { return }
    lookedAt = now
    registry.others { [weak self] result in
      guard let self, case .success(let others) = result else { return }
      for (other, theirs) in others where other != instance {
        let news = record.differences(from: theirs).filter { !differences.contains(Self.key(other, $0)) }
        if !news.isEmpty { warn(of: news, from: theirs, other, in: registry) }
      }
    }
  }

  /// Warns only if the other daemon is alive: one that died may have been replaced by one with the same options as
  /// here.
  private func warn(
    of news: [DaemonDifference], from theirs: DaemonRecord, _ other: String, in registry: any DaemonRegistry
  ) {
    registry.isAlive(other) { [weak self] result in
      guard let self, case .success(true) = result else { return }
      if differences.count > Self.mostDifferences { differences.removeAll() }
      for difference in news where differences.insert(Self.key(other, difference)).inserted {
        report(.option(difference, of: theirs))
      }
    }
  }

  private static func key(_ other: String, _ difference: DaemonDifference) -> String {
    "\(other) \(difference.option) \(difference.theirs)"
  }
}

extension DaemonRecord {
  /// Nothing has changed by which a health check judges.
  fileprivate func isAsWell(as other: DaemonRecord) -> Bool {
    func same(_ one: FiringReport.Obstacle?, _ two: FiringReport.Obstacle?) -> Bool {
      one?.reason == two?.reason && one?.isTotal == two?.isTotal
    }
    return isLeading == other.isLeading && firing?.unable == other.firing?.unable
      && firing?.lacks == other.firing?.lacks
      && (firing?.fired == nil) == (other.firing?.fired == nil)
      && same(firing?.refused, other.firing?.refused) && same(firing?.brokerLost, other.firing?.brokerLost)
      && same(firing?.deferral, other.firing?.deferral)
      && (firing?.congestion == nil) == (other.firing?.congestion == nil)
  }
}
