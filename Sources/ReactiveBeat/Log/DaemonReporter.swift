import BeatCore
import BeatLoop
import BeatRedis
import Logging

/// Tells the store what this daemon is and what became of its fires, and compares it with what the others tell.
final class DaemonReporter {
  /// What only counts up may be told so late; microseconds.
  private static let leisure: Int64 = 5_000_000
  /// Between looks at the other daemons; microseconds.
  private static let lookInterval: Int64 = 10_000_000

  var ledger = FireLedger()
  private let instance: String
  private let logger: () -> Logger
  /// What we have said of ourselves last, and when.
  private var said: (record: DaemonRecord, at: BootTime)?
  /// It was not taken, as far as is known.
  private var isRefused = false
  private var lookedAt: BootTime?
  private var differences: Set<String> = []

  /// - Parameter logger: asked for before each line.
  init(instance: String, logger: @escaping () -> Logger) {
    self.instance = instance
    self.logger = logger
  }

  /// The store may have forgotten what was told.
  func forget() {
    said = nil
    lookedAt = nil
  }

  /// Says what we are, if that is news.
  func tell(_ record: DaemonRecord, to scripts: StoreScripts) {
    guard record != said?.record else { return }
    write(record, to: scripts)
  }

  private func write(_ record: DaemonRecord, to scripts: StoreScripts) {
    said = (record, BootClock.now())
    isRefused = false
    record.write(to: scripts, as: instance) { [weak self] in self?.isRefused = true }
  }

  /// The same once a second: what stands in the way is told at once, and what only counts up some seconds later. So is
  /// what was refused.
  func keepTelling(_ record: DaemonRecord, to scripts: StoreScripts) {
    let now = BootClock.now()
    guard let said else { return }
    if isRefused, now.microseconds(since: said.at) >= Self.leisure { return write(record, to: scripts) }
    if record.isAsWell(as: said.record), now.microseconds(since: said.at) < Self.leisure { return }
    tell(record, to: scripts)
  }

  // MARK: the others

  /// Compares our options with the other daemons', and warns of each difference once; now, or once in a while.
  func compare(_ record: DaemonRecord, on scripts: StoreScripts, isNow: Bool) {
    let now = BootClock.now()
    guard isNow || lookedAt.map({ now.microseconds(since: $0) >= Self.lookInterval }) ?? true else { return }
    lookedAt = now
    OwnHash(key: scripts.keys.daemons).scan(scripts, count: 1000) { [weak self] page, _ in
      for (name, value) in page?.fields ?? [] {
        guard let self, let other = String(validating: name, as: UTF8.self), other != instance,
          let theirs = DaemonRecord(value)
        else { continue }
        let news = record.differences(from: theirs).filter {
          !self.differences.contains(Self.key(other, $0))
        }
        if !news.isEmpty { warn(of: news, from: theirs, other, on: scripts) }
      }
    }
  }

  /// One that has died may have been started anew with the right ones.
  private func warn(of news: [DaemonDifference], from theirs: DaemonRecord, _ other: String, on scripts: StoreScripts) {
    scripts.connection.send(RedisCommand("EXISTS", scripts.keys.heartbeat(other))) { [weak self] reply in
      guard let self, reply?.integer == 1 else { return }
      if differences.count > 1000 { differences.removeAll() }
      for difference in news where differences.insert(Self.key(other, difference)).inserted {
        logger().warning(
          "options",
          metadata: [
            "option": .string(difference.option), "ours": .string(difference.ours),
            "theirs": .string(difference.theirs), "host": .string(theirs.host),
            "pid": .stringConvertible(theirs.processID),
            "reason": .string(
              "\(difference.option) is \(difference.ours) here, and \(difference.theirs) of the daemon on \(theirs.host), "
                + "process \(theirs.processID): whichever of them leads, its own counts; give all the same"),
          ])
      }
    }
  }

  private static func key(_ other: String, _ difference: DaemonDifference) -> String {
    "\(other) \(difference.option) \(difference.theirs)"
  }
}

extension DaemonRecord {
  /// Nothing that a health check would judge by has changed.
  fileprivate func isAsWell(as other: DaemonRecord) -> Bool {
    func same(_ one: FiringReport.Obstacle?, _ two: FiringReport.Obstacle?) -> Bool { one?.reason == two?.reason }
    return isLeading == other.isLeading && firing?.unable == other.firing?.unable
      && firing?.lacks == other.firing?.lacks
      && (firing?.fired == nil) == (other.firing?.fired == nil)
      && same(firing?.refused, other.firing?.refused) && same(firing?.brokerLost, other.firing?.brokerLost)
      && same(firing?.heldBack, other.firing?.heldBack)
      && (firing?.congestion == nil) == (other.firing?.congestion == nil)
  }
}
