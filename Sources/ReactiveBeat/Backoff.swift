/// Waits between attempts: they grow, and are spread by chance, so that a server that comes back is not met by all its
/// clients at once.
struct Backoff {
  private static let first: Int64 = 50_000
  private static let longest: Int64 = 5_000_000

  private var ceiling = Self.first

  /// Microseconds until the next attempt: between half the present ceiling and the ceiling, which doubles up to 5 s.
  mutating func next() -> Int64 {
    defer { ceiling = min(ceiling * 2, Self.longest) }
    return Int64.random(in: ceiling / 2...ceiling)
  }

  mutating func reset() { ceiling = Self.first }
}
