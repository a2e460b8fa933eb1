/// Checks BSON once and for all: where it has found nothing wrong, each value of the document lies where its length says,
/// within its parent.
///
/// What is not checked is whether a string is UTF-8: who wants its text asks. A server stores other bytes, too.
struct BSONScanner {
  /// The deepest nesting that is read. mongod stores 180 levels at most, and a worker's JSON has its own bound.
  static let mostLevels = 200

  private let bytes: [UInt8]

  /// Throws what is wrong with the document that begins with the first byte and should end with the last.
  static func check(_ bytes: [UInt8]) throws(BSONError) {
    let scanner = BSONScanner(bytes: bytes)
    let length = try scanner.length(at: 0, within: bytes.count)
    guard length == bytes.count else {
      throw BSONError(offset: 0, message: "the document gives its length as \(length), and it is \(bytes.count)")
    }
    try scanner.document(0..<length, level: 1)
  }

  private func document(_ range: Range<Int>, level: Int) throws(BSONError) {
    guard level <= Self.mostLevels else {
      throw BSONError(offset: range.lowerBound, message: "more than \(Self.mostLevels) levels of nesting")
    }
    let end = range.upperBound - 1
    guard bytes[end] == 0 else { throw BSONError(offset: end, message: "the document does not end with a zero") }
    var place = range.lowerBound + 4
    while place < end {
      guard let type = BSONType(rawValue: bytes[place]) else {
        throw BSONError(offset: place, message: "\(bytes[place]) is no type of BSON")
      }
      let value = try text(from: place + 1, within: end)
      place = try self.value(type, at: value, within: end, level: level)
    }
  }

  /// The end of a value.
  private func value(_ type: BSONType, at start: Int, within end: Int, level: Int) throws(BSONError) -> Int {
    let length: Int
    switch type {
    case .null, .undefined, .minKey, .maxKey: length = 0
    case .bool:
      try need(1, at: start, within: end)
      guard bytes[start] <= 1 else { throw BSONError(offset: start, message: "\(bytes[start]) is no Boolean") }
      length = 1
    case .int32: length = 4
    case .double, .date, .timestamp, .int64: length = 8
    case .objectID: length = 12
    case .decimal: length = 16
    case .string, .code, .symbol: length = try string(at: start, within: end)
    case .pointer: length = try string(at: start, within: end) + 12
    case .binary:
      length = 5 + (try self.length(at: start, within: end, least: 0, own: 5))
    case .regex:
      return try text(from: try text(from: start, within: end), within: end)
    case .document, .array:
      length = try self.length(at: start, within: end)
      try document(start..<start + length, level: level + 1)
    case .scopedCode:
      length = try self.length(at: start, within: end, least: 14)
      let code = start + 4
      let scope = code + (try string(at: code, within: start + length))
      let scopeLength = try self.length(at: scope, within: start + length)
      guard scope + scopeLength == start + length else {
        throw BSONError(offset: scope, message: "the code's scope does not end with it")
      }
      try document(scope..<scope + scopeLength, level: level + 1)
    }
    try need(length, at: start, within: end)
    return start + length
  }

  /// The number of bytes of a string with its length and its zero.
  private func string(at start: Int, within end: Int) throws(BSONError) -> Int {
    let length = try self.length(at: start, within: end, least: 1, own: 4)
    guard bytes[start + 4 + length - 1] == 0 else {
      throw BSONError(offset: start + 3 + length, message: "the string does not end with a zero")
    }
    return 4 + length
  }

  /// A length that stands before what it counts.
  ///
  /// - Parameter own: how many bytes stand before what is counted; 0: it counts itself, too.
  private func length(
    at start: Int, within end: Int, least: Int = 5, own: Int = 0
  ) throws(BSONError) -> Int {
    try need(max(4, own), at: start, within: end)
    let length = Int(bytes.int32(at: start))
    guard length >= least else { throw BSONError(offset: start, message: "the length \(length) is too short") }
    guard length <= end - start - own else {
      throw BSONError(offset: start, message: "the length \(length) leads beyond the end")
    }
    return length
  }

  private func need(_ count: Int, at start: Int, within end: Int) throws(BSONError) {
    guard count <= end - start else { throw BSONError(offset: start, message: "the document ends too early") }
  }

  /// The place behind a text that a zero ends.
  private func text(from start: Int, within end: Int) throws(BSONError) -> Int {
    guard start < end, let zero = bytes[start..<end].firstIndex(of: 0) else {
      throw BSONError(offset: start, message: "a name has no end")
    }
    return zero + 1
  }
}

extension [UInt8] {
  /// The number at a place whose four bytes were checked.
  func int32(at start: Int) -> Int32 { Int32(truncatingIfNeeded: number(at: start, bytes: 4)) }

  func int64(at start: Int) -> Int64 { Int64(bitPattern: number(at: start, bytes: 8)) }

  /// Little-endian, as all of BSON.
  func number(at start: Int, bytes count: Int) -> UInt64 {
    var number: UInt64 = 0
    for index in 0..<count { number |= UInt64(self[start + index]) << (8 * UInt64(index)) }
    return number
  }

  /// The place behind the zero that ends a text. The scanner has found that there is one.
  func endOfText(from start: Int) -> Int { (self[start...].firstIndex(of: 0) ?? count - 1) + 1 }
}
