/// The values that consist of parts.
extension BSONValue {
  /// The twelve bytes of an ObjectId.
  package var objectID: ArraySlice<UInt8>? { type == .objectID ? content : nil }

  /// The bytes of a binary value, without their subtype. Those of subtype 2, which is old, begin with their length.
  package var binary: (subtype: UInt8, bytes: ArraySlice<UInt8>)? {
    type == .binary ? (bytes[start + 4], bytes[(start + 5)..<range.upperBound]) : nil
  }

  /// Pattern and options, which need not be UTF-8.
  package var regex: (pattern: ArraySlice<UInt8>, options: ArraySlice<UInt8>)? {
    guard type == .regex else { return nil }
    let options = bytes.endOfText(from: start)
    return (bytes[start..<(options - 1)], bytes[options..<(range.upperBound - 1)])
  }

  /// Seconds since 1970, and the number within the second.
  package var timestamp: (seconds: UInt32, increment: UInt32)? {
    guard type == .timestamp else { return nil }
    return (
      UInt32(truncatingIfNeeded: bytes.number(at: start + 4, bytes: 4)),
      UInt32(truncatingIfNeeded: bytes.number(at: start, bytes: 4))
    )
  }

  /// The collection's name, which need not be UTF-8, and the ObjectId.
  package var pointer: (collection: ArraySlice<UInt8>, objectID: ArraySlice<UInt8>)? {
    guard type == .pointer else { return nil }
    let objectID = range.upperBound - 12
    return (bytes[(start + 4)..<(objectID - 1)], bytes[objectID..<range.upperBound])
  }

  /// The code, which need not be UTF-8, and the variables that it sees.
  package var scopedCode: (code: ArraySlice<UInt8>, scope: BSONDocument)? {
    guard type == .scopedCode else { return nil }
    let scope = start + 8 + Int(bytes.int32(at: start + 4))
    return (bytes[(start + 8)..<(scope - 1)], BSONDocument(checked: Array(bytes[scope..<range.upperBound])))
  }
}

/// Twelve bytes as people write them: 24 hexadecimal digits.
package enum ObjectIDText {
  private static let digits = Array("0123456789abcdef".utf8)

  package static func text(_ bytes: some Sequence<UInt8>) -> String {
    String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }

  /// Nil for what is none.
  package static func bytes(_ text: String) -> [UInt8]? {
    guard text.utf8.count == 24 else { return nil }
    var bytes: [UInt8] = []
    var high: UInt8?
    for digit in text.utf8 {
      guard let value = value(of: digit) else { return nil }
      if let first = high { bytes.append(first << 4 | value) }
      high = high == nil ? value : nil
    }
    return bytes
  }

  private static func value(of digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}
