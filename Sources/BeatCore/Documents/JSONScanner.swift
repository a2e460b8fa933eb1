/// Walks a JSON text and checks all of it, keeping places instead of values.
///
/// Accepts what Python's `json.loads` accepts, which is what Celery's users have been writing for: RFC 8259 plus
/// `NaN`, `Infinity` and `-Infinity`; and the mongo shell's constructors. Nesting is limited to `maximumDepth`.
package struct JSONScanner {
  static let maximumDepth = Limit.documentDepth.most

  let bytes: [UInt8]
  var offset: Int
  private let end: Int

  init(_ bytes: [UInt8], range: Range<Int>? = nil) {
    self.bytes = bytes
    offset = range?.lowerBound ?? 0
    end = range?.upperBound ?? bytes.count
  }

  /// The members of the one object that the whole text must be. A key that comes twice stands twice; the last one
  /// counts, as in Python.
  static func document(_ bytes: [UInt8]) throws(JSONError) -> (members: [JSONMember], range: Range<Int>) {
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) {
      throw JSONError(offset: 0, message: "starts with a byte order mark; save it as UTF-8 without one")
    }
    do { _ = try UTF8Span(validating: bytes.span) } catch {
      throw JSONError(offset: error.byteOffsets.lowerBound, message: "is not UTF-8")
    }
    var scanner = JSONScanner(bytes)
    scanner.skipSpace()
    let start = scanner.offset
    guard let first = scanner.peek else { throw JSONError(offset: 0, message: "is empty; expected a JSON object") }
    guard first == UInt8(ascii: "{") else {
      throw JSONError(offset: start, message: "is not a JSON object; expected it to begin with '{'")
    }
    let members = try scanner.members(depth: 1)
    let range = start..<scanner.offset
    scanner.skipSpace()
    guard scanner.peek == nil else {
      throw scanner.problem("something follows the end of the object")
    }
    return (members, range)
  }

  /// The values of a text that stand one after another, as in JSON lines, or are the items of the one array that it is.
  package static func records(_ bytes: [UInt8]) throws(JSONError) -> [JSONSlice] {
    do { _ = try UTF8Span(validating: bytes.span) } catch {
      throw JSONError(offset: error.byteOffsets.lowerBound, message: "is not UTF-8")
    }
    var scanner = JSONScanner(bytes)
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { scanner.offset = 3 }
    var records: [JSONSlice] = []
    scanner.skipSpace()
    guard scanner.peek != nil else { throw scanner.problem("is empty") }
    while scanner.peek != nil {
      // The documents themselves begin at their own first level.
      records.append(try scanner.value(depth: -1))
      scanner.skipSpace()
    }
    guard records.count == 1, let only = records.first, only.kind == .array else { return records }
    return items(of: only, in: bytes)
  }

  /// The members of an object that `document` has found and checked.
  package static func members(of slice: JSONSlice, in bytes: [UInt8]) -> [JSONMember] {
    var scanner = JSONScanner(bytes, range: slice.range)
    return (try? scanner.members(depth: 1)) ?? []
  }

  /// Whether an object that `document` has found and checked begins with this key.
  static func isFirstKey(_ key: String, of slice: JSONSlice, in bytes: [UInt8]) -> Bool {
    var scanner = JSONScanner(bytes, range: slice.range)
    scanner.advance()
    scanner.skipSpace()
    let start = scanner.offset
    guard scanner.peek == UInt8(ascii: "\""), (try? scanner.string()) != nil else { return false }
    let content = bytes[(start + 1)..<(scanner.offset - 1)]
    return content.elementsEqual(key.utf8) || content.contains(UInt8(ascii: "\\")) && text(of: content) == key
  }

  /// The items of an array that `document` has found and checked.
  package static func items(of slice: JSONSlice, in bytes: [UInt8]) -> [JSONSlice] {
    var scanner = JSONScanner(bytes, range: slice.range)
    var items: [JSONSlice] = []
    try? scanner.array(depth: 1) { items.append($0) }
    return items
  }

  /// Name and argument of a mongo shell constructor.
  package static func shellCall(_ slice: JSONSlice, in bytes: [UInt8]) -> (name: String, argument: JSONSlice?)? {
    guard slice.kind == .shellCall else { return nil }
    var scanner = JSONScanner(bytes, range: slice.range)
    let name = scanner.identifier()
    var argument: JSONSlice?
    try? scanner.callArguments(depth: 1) { argument = argument ?? $0 }
    return (name, argument)
  }

  // MARK: bytes

  var peek: UInt8? { offset < end ? bytes[offset] : nil }

  mutating func advance() { offset += 1 }

  @inline(__always)
  mutating func take(_ byte: UInt8) -> Bool {
    guard peek == byte else { return false }
    offset += 1
    return true
  }

  @inline(__always)
  mutating func skipSpace() {
    while let byte = peek, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { offset += 1 }
  }

  func problem(_ message: String) -> JSONError { JSONError(offset: offset, message: message) }

}
