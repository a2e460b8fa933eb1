/// Waits between attempts: they grow, and are spread by chance, so that a server that comes back is not met by all its
/// clients at once.
struct Backoff {
  private static let first: Int64 = 50_000
  private static let longest: Int64 = 5_000_000
  /// What stood for so long was well; shorter, and the next failure belongs to the same trouble.
  private static let recovery: Int64 = 10_000_000

  private var ceiling = Self.first

  /// Microseconds until the next attempt: between half the present ceiling and the ceiling, which doubles up to 5 s.
  ///
  /// - Parameter health: for how long the last attempt was successful; microseconds.
  mutating func next(afterHealth health: Int64) -> Int64 {
    if health >= Self.recovery { ceiling = Self.first }
    defer { ceiling = min(ceiling * 2, Self.longest) }
    return Int64.random(in: ceiling / 2...ceiling)
  }
}
