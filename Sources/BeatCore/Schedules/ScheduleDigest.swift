/// 32 bits that tell one schedule from another, the same in every process and version: of what decides when it is due.
/// FNV-1a (draft-eastlake-fnv), which is enough here: two schedules that look alike by chance cost one catch-up.
package struct ScheduleDigest: Hashable, Sendable, CustomStringConvertible {
  private var value: UInt32 = 0x811C_9DC5

  init() {}

  private init(value: UInt32) { self.value = value }

  /// Stands in the place of a digest where the document was deleted. A document made there again is another schedule.
  static let gone = ScheduleDigest(value: 0)
  /// Stands in the place of a digest where the document could not be used.
  static let unusable = ScheduleDigest(value: 1)

  /// The digest of the same schedule when it has come to its end.
  var finished: ScheduleDigest {
    var digest = self
    digest.combine(byte: UInt8(ascii: "f"))
    return digest
  }

  /// Reads eight hexadecimal digits, as in `description`; nil if the text is none.
  init?(text: some StringProtocol) {
    guard text.utf8.count == 8, !text.hasPrefix("+"), !text.hasPrefix("-"), let value = UInt32(text, radix: 16) else {
      return nil
    }
    self.value = value
  }

  package var description: String { String(decoding: utf8, as: UTF8.self) }

  /// Eight hexadecimal digits, lower case.
  var utf8: [UInt8] {
    [UInt8](capacity: 8) { digits in
      for shift in stride(from: 28 as UInt32, through: 0, by: -4) {
        let nibble = UInt8(truncatingIfNeeded: value >> shift) & 15
        digits.append(nibble < 10 ? 0x30 + nibble : 0x57 + nibble)
      }
    }
  }

  mutating func combine(byte: UInt8) { value = (value ^ UInt32(byte)) &* 0x0100_0193 }

  mutating func combine(_ number: Int64) {
    for shift in 0..<8 { combine(byte: UInt8(truncatingIfNeeded: number >> Int64(shift * 8))) }
  }

  mutating func combine(_ text: String) {
    for byte in text.utf8 { combine(byte: byte) }
    combine(byte: 0xFF)  // in no UTF-8 text
  }
}

extension Schedule {
  func combine(into digest: inout ScheduleDigest) {
    switch self {
    case .interval(let interval):
      digest.combine(byte: UInt8(ascii: "i"))
      digest.combine(interval.microseconds)
      digest.combine(interval.relative ? 1 : 0)
      digest.combine(interval.zone?.name ?? "")
    case .crontab(let crontab):
      digest.combine(byte: UInt8(ascii: "c"))
      crontab.combine(into: &digest)
    case .clocked(let time):
      digest.combine(byte: UInt8(ascii: "o"))
      digest.combine(time.microseconds)
    }
  }
}
