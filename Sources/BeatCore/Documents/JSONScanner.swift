/// Where a value stands in a JSON text, and what it is. The text itself is never decoded as a whole:
/// what the user wrote reaches the worker as the bytes that were written.
package struct JSONSlice: Hashable, Sendable {
  package enum Kind: Hashable, Sendable {
    case null, bool, number, string, array, object
    /// A constructor of the mongo shell, such as `ISODate("2014-08-30T08:10:06Z")`.
    case shellCall
  }
  package var kind: Kind
  package var range: Range<Int>
  /// The value is, or holds, a mongo shell constructor: readable here, but not JSON for a worker.
  package var holdsShellCall: Bool

  /// Bytes of what stands there: of text without its quotes.
  package var length: Int { kind == .string ? range.count - 2 : range.count }
}

/// One `"key": value` of an object; the key is decoded, since `"\u006eame"` is `name` too.
package struct JSONMember {
  package var key: String
  package var keyRange: Range<Int>
  package var value: JSONSlice
}

package struct JSONError: Error, Hashable {
  package var offset: Int
  package var message: String
}

/// Walks a JSON text and checks all of it, keeping places instead of values.
///
/// Accepts what Python's `json.loads` accepts, which is what Celery's users have been writing for: RFC 8259 plus
/// `NaN`, `Infinity` and `-Infinity`; and the mongo shell's constructors. Nesting is limited to `maximumDepth`.
package struct JSONScanner {
  static let maximumDepth = Limit.documentDepth.most

  let bytes: [UInt8]
  private(set) var offset: Int
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
  static func members(of slice: JSONSlice, in bytes: [UInt8]) -> [JSONMember] {
    var scanner = JSONScanner(bytes, range: slice.range)
    return (try? scanner.members(depth: 1)) ?? []
  }

  /// The first key of an object that `document` has found and checked; nil if it is empty.
  static func firstKey(of slice: JSONSlice, in bytes: [UInt8]) -> String? {
    var scanner = JSONScanner(bytes, range: slice.range)
    scanner.advance()
    scanner.skipSpace()
    let start = scanner.offset
    guard (try? scanner.string()) != nil else { return nil }
    return text(of: bytes[(start + 1)..<(scanner.offset - 1)])
  }

  /// The items of an array that `document` has found and checked.
  package static func items(of slice: JSONSlice, in bytes: [UInt8]) -> [JSONSlice] {
    var scanner = JSONScanner(bytes, range: slice.range)
    var items: [JSONSlice] = []
    try? scanner.array(depth: 1) { items.append($0) }
    return items
  }

  /// The text of a string that `document` has found and checked. A lone surrogate, which Python's reader lets pass,
  /// has no text.
  package static func text(of slice: JSONSlice, in bytes: [UInt8]) -> String? {
    guard slice.kind == .string, slice.range.count >= 2 else { return nil }
    return text(of: bytes[(slice.range.lowerBound + 1)..<(slice.range.upperBound - 1)])
  }

  /// The text of what stands between two quotation marks.
  private static func text(of content: ArraySlice<UInt8>) -> String? {
    // Escapes only shorten: the text has no more bytes than its spelling.
    content.count <= String.alwaysStreamSafe ? unescape(content) : unescape(content)?.streamSafe
  }

  /// The same as UTF-8, however many watermarks stand in a row.
  static func utf8(of slice: JSONSlice, in bytes: [UInt8]) -> ArraySlice<UInt8>? {
    guard slice.kind == .string, slice.range.count >= 2 else { return nil }
    let content = bytes[(slice.range.lowerBound + 1)..<(slice.range.upperBound - 1)]
    return content.contains(UInt8(ascii: "\\")) ? unescape(content).map { ArraySlice($0.utf8) } : content
  }

  /// The value of a number that is a few digits and nothing else, as most are.
  static func digits(of slice: JSONSlice, in bytes: [UInt8]) -> Int64? {
    guard slice.kind == .number, slice.range.count <= 18 else { return nil }
    var value: Int64 = 0
    for index in slice.range {
      guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[index]) else { return nil }
      value = value &* 10 &+ Int64(bytes[index] &- UInt8(ascii: "0"))
    }
    return value
  }

  /// Name and argument of a mongo shell constructor.
  static func shellCall(_ slice: JSONSlice, in bytes: [UInt8]) -> (name: String, argument: JSONSlice?)? {
    guard slice.kind == .shellCall else { return nil }
    var scanner = JSONScanner(bytes, range: slice.range)
    let name = scanner.identifier()
    var argument: JSONSlice?
    try? scanner.callArguments(depth: 1) { argument = argument ?? $0 }
    return (name, argument)
  }

  /// Whether the whole text is a number as JSON writes it, or one of Python's `NaN` and `Infinity`.
  static func isNumber(_ bytes: [UInt8]) -> Bool {
    var scanner = JSONScanner(bytes)
    guard let slice = try? scanner.value(depth: 1) else { return false }
    return slice.kind == .number && scanner.peek == nil
  }

  // MARK: values

  private mutating func value(depth: Int) throws(JSONError) -> JSONSlice {
    guard depth <= Self.maximumDepth else { throw problem("is nested deeper than \(Self.maximumDepth) levels") }
    let start = offset
    guard let byte = peek else { throw problem("ends in the middle; a value is missing") }
    var kind = JSONSlice.Kind.null
    var holdsShellCall = false
    switch byte {
    case UInt8(ascii: "\""):
      try string()
      kind = .string
    case UInt8(ascii: "{"):
      kind = .object
      try object(depth: depth + 1) { holdsShellCall = holdsShellCall || $1.holdsShellCall }
    case UInt8(ascii: "["):
      kind = .array
      try array(depth: depth + 1) { holdsShellCall = holdsShellCall || $0.holdsShellCall }
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
      try number()
      kind = .number
    default:
      switch identifier() {
      case "null": kind = .null
      case "true", "false": kind = .bool
      case "NaN", "Infinity": kind = .number
      case let name where !name.isEmpty && peek == UInt8(ascii: "("):
        try callArguments(depth: depth + 1) { _ in }
        kind = .shellCall
        holdsShellCall = true
      default:
        offset = start
        throw problem("a value cannot begin with \(Self.quoted(byte))")
      }
    }
    return JSONSlice(kind: kind, range: start..<offset, holdsShellCall: holdsShellCall)
  }

  private mutating func members(depth: Int) throws(JSONError) -> [JSONMember] {
    var members: [JSONMember] = []
    members.reserveCapacity(12)
    let bytes = bytes
    try object(depth: depth) { keyRange, value in
      let key = Self.text(of: bytes[(keyRange.lowerBound + 1)..<(keyRange.upperBound - 1)]) ?? "\u{FFFD}"
      members.append(JSONMember(key: key, keyRange: keyRange, value: value))
    }
    return members
  }

  private mutating func object(
    depth: Int, member: (_ keyRange: Range<Int>, _ value: JSONSlice) -> Void
  ) throws(JSONError) {
    guard depth <= Self.maximumDepth else { throw problem("is nested deeper than \(Self.maximumDepth) levels") }
    advance()
    skipSpace()
    if take(UInt8(ascii: "}")) { return }
    while true {
      guard peek == UInt8(ascii: "\"") else { throw problem("expected a key in double quotes") }
      let start = offset
      try string()
      let keyRange = start..<offset
      skipSpace()
      guard take(UInt8(ascii: ":")) else { throw problem("expected ':' after the key") }
      skipSpace()
      member(keyRange, try value(depth: depth))
      skipSpace()
      if take(UInt8(ascii: "}")) { return }
      guard take(UInt8(ascii: ",")) else { throw problem("expected ',' or '}'") }
      skipSpace()
    }
  }

  private mutating func array(depth: Int, item: (JSONSlice) -> Void) throws(JSONError) {
    guard depth <= Self.maximumDepth else { throw problem("is nested deeper than \(Self.maximumDepth) levels") }
    advance()
    skipSpace()
    if take(UInt8(ascii: "]")) { return }
    while true {
      item(try value(depth: depth))
      skipSpace()
      if take(UInt8(ascii: "]")) { return }
      guard take(UInt8(ascii: ",")) else { throw problem("expected ',' or ']'") }
      skipSpace()
    }
  }

  private mutating func callArguments(depth: Int, argument: (JSONSlice) -> Void) throws(JSONError) {
    advance()
    skipSpace()
    if take(UInt8(ascii: ")")) { return }
    while true {
      argument(try value(depth: depth))
      skipSpace()
      if take(UInt8(ascii: ")")) { return }
      guard take(UInt8(ascii: ",")) else { throw problem("expected ',' or ')'") }
      skipSpace()
    }
  }

  private mutating func string() throws(JSONError) {
    let start = offset
    advance()
    while let byte = peek {
      switch byte {
      // Most of it, first.
      case UInt8(ascii: "a")...UInt8(ascii: "z"):
        advance()
      case UInt8(ascii: "\""):
        advance()
        return
      case UInt8(ascii: "\\"):
        advance()
        try escape()
      case 0..<0x20:
        throw problem("a string holds the control character \(Self.quoted(byte)); write it as an escape")
      default:
        advance()
      }
    }
    offset = start
    throw problem("a string is not closed")
  }

  private mutating func escape() throws(JSONError) {
    switch peek {
    case UInt8(ascii: "u"):
      advance()
      for _ in 0..<4 {
        guard let byte = peek, Self.hexDigit(byte) != nil else { throw problem("\\u needs four hexadecimal digits") }
        advance()
      }
    case .some(let byte) where #""\/bfnrt"#.utf8.contains(byte):
      advance()
    default:
      throw problem("a backslash must be followed by one of \" \\ / b f n r t u")
    }
  }

  private mutating func number() throws(JSONError) {
    let start = offset
    if take(UInt8(ascii: "-")), peek == UInt8(ascii: "I") {
      if identifier() == "Infinity" { return }
      offset = start
      throw problem("is not a number")
    }
    if !take(UInt8(ascii: "0")) { try digits() }
    if take(UInt8(ascii: ".")) { try digits() }
    if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
      if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
      try digits()
    }
  }

  private mutating func digits() throws(JSONError) {
    guard let first = peek, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else {
      throw problem("expected a digit")
    }
    while let byte = peek, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { advance() }
  }

  private mutating func identifier() -> String {
    let start = offset
    while let byte = peek, Self.isIdentifier(byte) { advance() }
    return String(decoding: bytes[start..<offset], as: UTF8.self)
  }

  // MARK: bytes

  private var peek: UInt8? { offset < end ? bytes[offset] : nil }

  private mutating func advance() { offset += 1 }

  @inline(__always)
  private mutating func take(_ byte: UInt8) -> Bool {
    guard peek == byte else { return false }
    offset += 1
    return true
  }

  @inline(__always)
  private mutating func skipSpace() {
    while let byte = peek, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { offset += 1 }
  }

  private func problem(_ message: String) -> JSONError { JSONError(offset: offset, message: message) }

  private static func isIdentifier(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"): true
    case UInt8(ascii: "0")...UInt8(ascii: "9"): true
    default: false
    }
  }

  private static func quoted(_ byte: UInt8) -> String {
    (0x21...0x7E).contains(byte) ? "'\(Character(Unicode.Scalar(byte)))'" : "byte \(byte)"
  }

  private static func hexDigit(_ byte: UInt8) -> UInt16? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt16(byte - UInt8(ascii: "0"))
    case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt16(byte - UInt8(ascii: "a") + 10)
    case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt16(byte - UInt8(ascii: "A") + 10)
    default: nil
    }
  }

  private static func unescape(_ content: ArraySlice<UInt8>) -> String? {
    guard content.contains(UInt8(ascii: "\\")) else { return String(decoding: content, as: UTF8.self) }
    var units: [UInt16] = []
    units.reserveCapacity(content.count)
    var rest = content
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "\\") else {
        // A run of plain UTF-8 up to the next escape.
        var run = [byte]
        while let next = rest.first, next != UInt8(ascii: "\\") {
          run.append(next)
          rest.removeFirst()
        }
        units.append(contentsOf: String(decoding: run, as: UTF8.self).utf16)
        continue
      }
      switch rest.popFirst() {
      case UInt8(ascii: "b"): units.append(0x08)
      case UInt8(ascii: "f"): units.append(0x0C)
      case UInt8(ascii: "n"): units.append(0x0A)
      case UInt8(ascii: "r"): units.append(0x0D)
      case UInt8(ascii: "t"): units.append(0x09)
      case UInt8(ascii: "u"):
        units.append(rest.prefix(4).reduce(0) { $0 << 4 | (hexDigit($1) ?? 0) })
        rest = rest.dropFirst(4)
      case .some(let literal): units.append(UInt16(literal))
      case nil: return nil
      }
    }
    return String(validating: units, as: UTF16.self)
  }
}
