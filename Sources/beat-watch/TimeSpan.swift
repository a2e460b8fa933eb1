import ArgumentParser
import BeatCore

/// Lengths of time as users write them: `90s`, `5m`, `1h30m`, `250ms`, `2 days`.
enum TimeSpan {
  /// A length such as `(5, .minutes)`, in the largest unit that divides it; nil: the text is not understood.
  static func parse(_ text: String) -> (every: Int64, period: Period)? {
    var total: Int64 = 0
    var rest = text.filter { $0 != " " }[...]
    guard !rest.isEmpty else { return nil }
    while !rest.isEmpty {
      let digits = rest.prefix { $0.isASCII && $0.isNumber }
      rest = rest.dropFirst(digits.count)
      let unit = rest.prefix { $0.isLetter }
      rest = rest.dropFirst(unit.count)
      guard let count = Int64(digits), let period = period(String(unit)) else { return nil }
      let (product, overflow) = count.multipliedReportingOverflow(by: period.microseconds)
      let (sum, carry) = total.addingReportingOverflow(product)
      guard !overflow, !carry else { return nil }
      total = sum
    }
    // Weeks are used only where the text names them: a user who wrote 7 days meant days.
    let units = Period.allCases.filter { $0 != .weeks || text.contains("w") }
    let best = units.first { total % $0.microseconds == 0 && total >= $0.microseconds } ?? .seconds
    return (total / best.microseconds, best)
  }

  /// The length in microseconds. Throws a line that names the option.
  static func microseconds(_ text: String, option: String) throws -> Int64 {
    guard let (every, period) = parse(text) else { throw problem(text, option: option) }
    return every * period.microseconds
  }

  /// Why a text is no length of time, in a line that names the option.
  static func problem(_ text: String, option: String) -> ValidationError {
    let cut = Cut.argument(text)
    return ValidationError(
      CommandWord.isNegative(text)
        ? CommandWord.negative(option, cut)
        : "\(option): \(cut) is no length of time, such as 90s, 5m, 1h30m, 2d")
  }

  private static func period(_ unit: String) -> Period? {
    switch unit {
    case "us": .microseconds
    case "ms": .milliseconds
    case "s", "sec": .seconds
    case "m", "min": .minutes
    case "h": .hours
    case "d": .days
    case "w": .weeks
    default: Period.parse(unit)?.0
    }
  }
}
