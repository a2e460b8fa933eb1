import BeatCore
import BeatLoop
import BeatRedis
import Logging

/// Says what others have put into our own keys: the key, what is wrong with it, and what the daemon does. Each thing once,
/// until it is gone.
final class OwnKeys {
  private let keys: RedisKeys
  private let logger: () -> Logger
  /// What stands in the pulse's keys, as the log has it.
  private var pulse: [[UInt8]: [UInt8]] = [:]
  /// Keys of another type, as the log has them.
  private var misfits: [String] = []
  private var isLooking = false
  private var lookedAt: BootTime?
  /// Microseconds.
  private static let lookInterval: Int64 = 10_000_000
  /// Names that are not read, as the log has them.
  private var ignored = NameScan.Ignored()
  private var hasHeard = false

  /// - Parameter logger: asked for before each line.
  init(_ keys: RedisKeys, logger: @escaping () -> Logger) {
    self.keys = keys
    self.logger = logger
  }

  /// What a pulse has found in its keys.
  func found(_ damages: [PulseReply.Damage]) {
    guard !damages.isEmpty || !pulse.isEmpty else { return }
    for damage in damages where pulse[damage.key] != damage.found {
      warn(damage.key, "holds \"\(Self.head(damage.found))\", which is not ours: \(remedy(damage.key))")
    }
    pulse = Dictionary(damages.map { ($0.key, $0.found) }) { first, _ in first }
  }

  private func remedy(_ key: [UInt8]) -> String {
    switch key {
    case keys.lease:
      "a daemon takes its place at once if it cannot be a lease, and else when it has run out, as it may be a newer "
        + "version's; if none runs, delete it"
    case keys.epoch: "the time takes its place, where it is a string, and counts where it is not"
    case keys.incarnation: "only its beginning counts, and a store that was exchanged may be noticed late; delete it"
    default: "the daemon goes on without it; delete it"
    }
  }

  /// Fields of a hash were taken out, which were too long to be ours.
  func removed(_ count: Int, from key: [UInt8]) {
    let what = Plural.of(count, "field")
    warn(
      key,
      "held \(what) of more than \(Plural.of(Limit.ownFieldLength.most, "byte")), or under a name of more than "
        + "\(Limit.nameLength.most), which are not ours: taken out unread; find out who writes there")
  }

  /// The same, now and then.
  func keepLooking(_ scripts: StoreScripts) {
    let now = BootClock.now()
    guard lookedAt.map({ now.microseconds(since: $0) > Self.lookInterval }) ?? true else { return }
    look(scripts)
  }

  /// Looks at the types of the keys without which everything fires, and something is missing all the same.
  func look(_ scripts: StoreScripts) {
    guard !isLooking else { return }
    isLooking = true
    lookedAt = BootClock.now()
    let suspects = [keys.history, keys.manual, keys.receipts, keys.daemons, keys.outbox]
    scripts.connection.send(RedisCommand("TYPE", keys.mark)) { [weak self] reply in
      // Not called where the connection dies before the others are asked.
      self?.isLooking = false
      guard reply?.error == nil, reply != nil else { return }
      scripts.misfits(among: suspects) { [weak self] found in self?.found(misfits: found) }
    }
  }

  private func found(misfits found: [String]) {
    for text in found where !misfits.contains(text) {
      logger().warning(
        "damaged",
        metadata: [
          "reason": .string(
            "\(text); until then the daemon fires without it: no history, runs by hand, receipts, records or deliveries by it"
          )
        ])
    }
    misfits = found
  }

  /// An event of a name that is too long: said once until the next scan.
  func heard(_ found: NameScan.Ignored) {
    guard !hasHeard else { return }
    hasHeard = true
    if ignored.count == 0, let words = found.words { logger().warning("ignored", metadata: ["reason": .string(words)]) }
  }

  /// Names that a whole scan has left out.
  func ignored(_ found: NameScan.Ignored) {
    hasHeard = false
    guard found != ignored else { return }
    ignored = found
    if let words = found.words { logger().warning("ignored", metadata: ["reason": .string(words)]) }
  }

  private func warn(_ key: [UInt8], _ text: String) {
    logger().warning("damaged", metadata: ["key": .string("\(EntryName(key))"), "reason": .string("the key \(text)")])
  }

  private static func head(_ bytes: [UInt8]) -> String {
    bytes.count > 60 ? "\(EntryName(Array(bytes.prefix(60))))…" : "\(EntryName(bytes))"
  }
}
