import Glibc
import Testing

/// How work grows with its input: twice the input may take twice the work, and not four times as much.
enum Growth {
  /// The processor time of this thread in microseconds. Other processes do not add to it.
  static func cost(_ work: () -> Void) -> Int64 {
    func now() -> Int64 {
      var time = timespec()
      clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
      return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000
    }
    let start = now()
    work()
    return now() - start
  }

  /// Records an issue if work on an input of sixteen times the size takes more than 64 times as long: linear work takes
  /// 16 times, quadratic work 256 times. Work that takes less than 2 ms cannot be measured, and passes.
  ///
  /// The work is tried up to three times, since a machine may pause for reasons of its own. One good result is enough.
  ///
  /// - Parameters:
  ///   - size: the size of the small input, in units of `input`.
  ///   - input: makes the input, before the time is taken.
  static func expectLinear<Input>(
    _ size: Int, _ input: (Int) -> Input, _ work: (Input) -> Void, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let (small, large) = (input(size), input(16 * size))
    var worst: (Int64, Int64) = (0, 0)
    for _ in 0..<3 {
      let before = (0..<2).map { _ in cost { work(small) } }.min() ?? 0
      let after = cost { work(large) }
      if after <= max(2_000, 64 * before) { return }
      worst = (before, after)
    }
    Issue.record(
      "of \(size): \(worst.0) us, of \(16 * size): \(worst.1) us: the work grows faster than its input",
      sourceLocation: sourceLocation)
  }
}

/// A text of many of one thing, with what each of them is hard for.
struct Filling: Sendable, CustomTestStringConvertible {
  var testDescription: String
  var unit: String

  init(_ description: String, _ unit: String) { (testDescription, self.unit) = (description, unit) }

  func text(_ bytes: Int) -> String { String(repeating: unit, count: max(1, bytes / unit.utf8.count)) }

  static let all = [
    Filling("ASCII", "a"), Filling("controls of C1", "\u{85}"), Filling("bidirectional overrides", "\u{202E}"),
    Filling("joiners", "\u{200D}"), Filling("a family", "👩\u{200D}"), Filling("marks on a letter", "\u{0301}"),
    Filling("marks out of order", "\u{0301}\u{0323}"), Filling("flags", "🇩🇪"), Filling("Hangul", "\u{1100}\u{1161}"),
    Filling("quotes", "'"), Filling("commas", ","), Filling("digits", "7"), Filling("digits of Arabic", "٣"),
    Filling("spaces", " "), Filling("points", "."), Filling("words", "a "), Filling("nested", "["),
    Filling("backslashes", "\\"), Filling("lines", "\n"), Filling("minus", "-1"), Filling("a list of one", "[7],"),
  ]
}
