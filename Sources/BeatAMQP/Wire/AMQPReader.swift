import BeatCore

/// Reads the elements of a frame's payload one after another. What the bytes do not hold is an error, never a trap.
struct AMQPReader {
  private let bytes: ArraySlice<UInt8>
  private var place: Int
  private var end: Int { bytes.endIndex }

  init(_ payload: ArraySlice<UInt8>) { (bytes, place) = (payload, payload.startIndex) }

  var isAtEnd: Bool { place >= end }

  /// All of the payload must have been read.
  func finish() throws(AMQPError) {
    guard isAtEnd else {
      throw AMQPError(.syntaxError, "behind the last field there is more: \(Plural.of(end - place, "byte"))")
    }
  }

  // MARK: elements

  mutating func octet() throws(AMQPError) -> UInt8 { bytes[try take(1).lowerBound] }

  mutating func short() throws(AMQPError) -> UInt16 { UInt16(truncatingIfNeeded: try number(of: 2)) }

  mutating func long() throws(AMQPError) -> UInt32 { UInt32(truncatingIfNeeded: try number(of: 4)) }

  mutating func longLong() throws(AMQPError) -> UInt64 { try number(of: 8) }

  mutating func shortString() throws(AMQPError) -> AMQPShortString {
    let range = try take(Int(try octet()))
    // One byte counts no more than 255.
    return AMQPShortString(bytes[range]) ?? .empty
  }

  mutating func longString() throws(AMQPError) -> [UInt8] { Array(bytes[try lengthAndRange()]) }

  /// A reader of the table or array that comes next, which this one leaves behind.
  mutating func nested() throws(AMQPError) -> AMQPReader { AMQPReader(bytes[try lengthAndRange()]) }

  // MARK: bytes

  private mutating func lengthAndRange() throws(AMQPError) -> Range<Int> { try take(Int(try long())) }

  private mutating func number(of count: Int) throws(AMQPError) -> UInt64 {
    var value: UInt64 = 0
    for index in try take(count) { value = value << 8 | UInt64(bytes[index]) }
    return value
  }

  private mutating func take(_ count: Int) throws(AMQPError) -> Range<Int> {
    guard count <= end - place else {
      throw AMQPError(.syntaxError, "a field of \(Plural.of(count, "byte")) stands where \(end - place) are left")
    }
    defer { place += count }
    return place..<(place + count)
  }
}
