/// An instant: microseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
///
/// All arithmetic saturates at the ends of `Int64`; nothing here traps, whatever a document says.
package struct UnixTime: Hashable, Comparable, Sendable {
  /// Microseconds since the epoch; negative before it.
  package var microseconds: Int64

  /// An instant from microseconds since the epoch.
  package init(microseconds: Int64) {
    self.microseconds = microseconds
  }

  /// An instant from seconds since the epoch; saturates where microseconds would overflow (about ±292,000 years).
  package init(seconds: Int64) {
    microseconds = seconds.saturatingMultiply(by: 1_000_000)
  }

  /// This instant moved by a number of microseconds, which may be negative. Saturates.
  package func advanced(by microseconds: Int64) -> UnixTime {
    UnixTime(microseconds: self.microseconds.saturatingAdd(microseconds))
  }

  /// Microseconds from `other` to this instant; negative if `other` is later. Saturates.
  package func microseconds(since other: UnixTime) -> Int64 {
    microseconds.saturatingSubtract(other.microseconds)
  }

  /// Whole seconds since the epoch, rounded down.
  package var seconds: Int64 { microseconds.flooredDivision(by: 1_000_000) }

  /// 0001-01-01T00:00:00Z, the first instant Python's `datetime`, and so Celery, can express.
  package static let earliest = UnixTime(microseconds: -62_135_596_800_000_000)

  /// 9999-12-31T23:59:59.999999Z, the last instant Python's `datetime` can express. No occurrence is later than this.
  package static let latest = UnixTime(microseconds: 253_402_300_799_999_999)

  /// The nearest instant in `earliest ... latest`. Within these bounds sums and differences cannot overflow.
  var clamped: UnixTime { min(max(self, .earliest), .latest) }

  package static func < (left: UnixTime, right: UnixTime) -> Bool { left.microseconds < right.microseconds }
}

extension Int64 {
  func saturatingAdd(_ other: Int64) -> Int64 {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? (other < 0 ? .min : .max) : sum
  }

  func saturatingSubtract(_ other: Int64) -> Int64 {
    let (difference, overflow) = subtractingReportingOverflow(other)
    return overflow ? (other < 0 ? .max : .min) : difference
  }

  func saturatingMultiply(by other: Int64) -> Int64 {
    let (product, overflow) = multipliedReportingOverflow(by: other)
    return overflow ? ((self < 0) == (other < 0) ? .max : .min) : product
  }

  /// Quotient rounded towards minus infinity; `divisor` is a positive constant of the caller.
  @inline(__always)
  func flooredDivision(by divisor: Int64) -> Int64 {
    let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? quotient &- 1 : quotient
  }

  /// Remainder in `0 ..< divisor`; `divisor` is a positive constant of the caller.
  @inline(__always)
  func flooredRemainder(by divisor: Int64) -> Int64 {
    let remainder = self % divisor
    return remainder < 0 ? remainder &+ divisor : remainder
  }
}
