import BeatCore

/// Bounds how often somebody may fail to log in. A token has 256 random bits, so what is bounded is work and log lines,
/// and not the chance to guess one.
struct LoginAttempts {
  /// The failures of one peer, and of all peers together, within a minute.
  static let ofOne = 10
  static let ofAll = 100
  static let window: Int64 = 60_000_000

  private var failures: [(at: BootTime, peer: String)] = []

  /// How long the peer has to wait, in microseconds; nil: it may try.
  mutating func wait(_ peer: String, now: BootTime) -> Int64? {
    failures.removeAll { now.microseconds(since: $0.at) >= Self.window }
    let own = failures.filter { $0.peer == peer }
    let first: BootTime? =
      own.count >= Self.ofOne
      ? own[own.count - Self.ofOne].at
      : failures.count >= Self.ofAll ? failures[failures.count - Self.ofAll].at : nil
    return first.map { max(1, Self.window - now.microseconds(since: $0)) }
  }

  mutating func failed(_ peer: String, now: BootTime) { failures.append((now, peer)) }
}
