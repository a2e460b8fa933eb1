/// The structure of a JSON text: values, objects, arrays, and the mongo shell's constructors.
extension JSONScanner {
  mutating func value(depth: Int) throws(JSONError) -> JSONSlice {
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

  mutating func members(depth: Int) throws(JSONError) -> [JSONMember] {
    var members: [JSONMember] = []
    members.reserveCapacity(12)
    let bytes = bytes
    try object(depth: depth) { keyRange, value in
      let key = Self.text(of: bytes[(keyRange.lowerBound + 1)..<(keyRange.upperBound - 1)]) ?? "\u{FFFD}"
      members.append(JSONMember(key: key, keyRange: keyRange, value: value))
    }
    return members
  }

  mutating func object(
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

  mutating func array(depth: Int, item: (JSONSlice) -> Void) throws(JSONError) {
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

  mutating func callArguments(depth: Int, argument: (JSONSlice) -> Void) throws(JSONError) {
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

  mutating func identifier() -> String {
    let start = offset
    while let byte = peek, Self.isIdentifier(byte) { advance() }
    return String(decoding: bytes[start..<offset], as: UTF8.self)
  }

  private static func isIdentifier(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"): true
    case UInt8(ascii: "0")...UInt8(ascii: "9"): true
    default: false
    }
  }
}
