/// How AMQP writes its elements: numbers begin with their highest byte, and a length stands before text, tables and
/// arrays.
extension [UInt8] {
  @inline(__always)
  mutating func append(big value: UInt16) {
    append(UInt8(truncatingIfNeeded: value >> 8))
    append(UInt8(truncatingIfNeeded: value))
  }

  @inline(__always)
  mutating func append(big value: UInt32) {
    append(big: UInt16(truncatingIfNeeded: value >> 16))
    append(big: UInt16(truncatingIfNeeded: value))
  }

  @inline(__always)
  mutating func append(big value: UInt64) {
    append(big: UInt32(truncatingIfNeeded: value >> 32))
    append(big: UInt32(truncatingIfNeeded: value))
  }

  mutating func append(short text: AMQPShortString) {
    append(UInt8(truncatingIfNeeded: text.bytes.count))
    append(contentsOf: text.bytes)
  }

  /// Text with a length of four bytes, AMQP's "longstr".
  mutating func append(long text: some Collection<UInt8>) {
    append(big: UInt32(clamping: text.count))
    append(contentsOf: text)
  }

  /// Room for the four bytes of a length. Returns where what is counted begins.
  mutating func beginLength() -> Int {
    append(big: UInt32(0))
    return count
  }

  /// Writes the number of bytes since `start` before it.
  mutating func endLength(at start: Int) {
    let length = UInt32(clamping: count - start)
    self[start - 4] = UInt8(truncatingIfNeeded: length >> 24)
    self[start - 3] = UInt8(truncatingIfNeeded: length >> 16)
    self[start - 2] = UInt8(truncatingIfNeeded: length >> 8)
    self[start - 1] = UInt8(truncatingIfNeeded: length)
  }
}
