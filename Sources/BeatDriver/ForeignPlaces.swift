import BeatCore

/// Reports what other clients have stored in keys of the daemon's own: the key, what is wrong with it, and what the
/// daemon does. Each finding is reported once until it is gone.
final class ForeignPlaces {
  /// The time between two looks; microseconds.
  private static let lookInterval: Int64 = 10_000_000

  private let surroundings: any Surroundings
  private let report: (DaemonEvent) -> Void
  /// The foreign values in the heartbeat's keys that were reported.
  private var heartbeat: [[UInt8]: [UInt8]] = [:]
  /// The foreign values in other keys that were reported.
  private var foreign: [String] = []
  private var isLooking = false
  private var lookedAt: BootTime?
  /// The names too long to be read that the last walk found, as reported.
  private var ignored = IgnoredNames()
  /// An event of such a name has arrived since the last walk.
  private var hasHeard = false

  init(in surroundings: any Surroundings, report: @escaping (DaemonEvent) -> Void) {
    self.surroundings = surroundings
    self.report = report
  }

  /// Takes what a heartbeat has found in its keys.
  func found(_ damages: [HeartbeatReply.Damage]) {
    guard !damages.isEmpty || !heartbeat.isEmpty else { return }
    for damage in damages where heartbeat[damage.place] != damage.found {
      report(
        .damaged(place: damage.place, text: "holds \"\(Self.head(damage.found))\", which is not ours: \(damage.remedy)")
      )
    }
    heartbeat = Dictionary(damages.map { ($0.place, $0.found) }) { first, _ in first }
  }

  /// Reports fields that were removed because they were too long for a daemon to have written them.
  func removed(_ count: Int, from place: [UInt8]) {
    let what = Plural.of(count, "field")
    report(
      .damaged(
        place: place,
        text: "held \(what) of more than \(Plural.of(Limit.ownFieldLength.most, "byte")), or under a name of more than "
          + "\(Limit.nameLength.most), which are not ours: taken out unread; find out who writes there"))
  }

  /// Looks if the last look is old enough.
  func keepLooking(_ store: any StoreSession) {
    let now = surroundings.bootTime
    guard lookedAt.map({ now.microseconds(since: $0) > Self.lookInterval }) ?? true else { return }
    look(store)
  }

  /// Looks at the keys whose loss does not prevent fires but disables something else, such as the history.
  func look(_ store: any StoreSession) {
    guard !isLooking else { return }
    isLooking = true
    lookedAt = surroundings.bootTime
    store.foreignPlaces { [weak self] found in
      guard let self else { return }
      isLooking = false
      for text in found where !foreign.contains(text) {
        report(
          .damaged(
            place: nil,
            text:
              "\(text); until then the daemon fires without it: no history, runs by hand, receipts, records or deliveries by it"
          ))
      }
      foreign = found
    }
  }

  /// The session has ended, so the answer to a look will not come.
  func disconnected() { isLooking = false }

  /// Reports the event of a name that is too long to be read, once until the next walk.
  func heard(_ found: IgnoredNames) {
    guard !hasHeard else { return }
    hasHeard = true
    if ignored.count == 0 { report(.ignored(found)) }
  }

  /// Takes the names that a whole walk has left out.
  func ignored(_ found: IgnoredNames) {
    hasHeard = false
    guard found != ignored else { return }
    ignored = found
    if found.count > 0 { report(.ignored(found)) }
  }

  private static func head(_ bytes: [UInt8]) -> String {
    bytes.count > 60 ? "\(EntryName(Array(bytes.prefix(60))))…" : "\(EntryName(bytes))"
  }
}
