/// The `argsrepr` and `kwargsrepr` of a message: what Celery's `saferepr` makes of the same values in Python, so that
/// a worker's log reads as with Celery's own beat. (Source: celery/utils/saferepr.py and celery/app/amqp.py, 5.7:
/// at most 1,024 characters, three levels.)
package struct PythonRepr {
  private static let maximumLength = 1024
  private static let maximumDepth = 3

  private let bytes: [UInt8]
  private var budget = Self.maximumLength
  /// UTF-8.
  private var result: [UInt8] = []
  private var isCut = false

  /// `nil` or an empty list is `()`, as Celery passes it. UTF-8.
  static func arguments(_ slice: JSONSlice?, in bytes: [UInt8]) -> [UInt8] {
    guard let slice else { return Array("()".utf8) }
    let list = repr(slice, in: bytes)
    return list.elementsEqual("[]".utf8) ? Array("()".utf8) : list
  }

  /// UTF-8.
  static func keywords(_ slice: JSONSlice?, in bytes: [UInt8]) -> [UInt8] {
    slice.map { repr($0, in: bytes) } ?? Array("{}".utf8)
  }

  private static func repr(_ slice: JSONSlice, in bytes: [UInt8]) -> [UInt8] {
    var repr = PythonRepr(bytes: bytes)
    repr.result.reserveCapacity(min(slice.range.count, 2 * maximumLength) + 8)
    repr.write(slice, depth: 0)
    return repr.result
  }

  private init(bytes: [UInt8]) { self.bytes = bytes }

  private mutating func write(_ slice: JSONSlice, depth: Int) {
    guard !isCut else { return }
    switch slice.kind {
    case .string:
      writeQuoted(JSONScanner.utf8(of: slice, in: bytes) ?? ArraySlice("\u{FFFD}".utf8))
    case .array:
      let items = JSONScanner.items(of: slice, in: bytes)
      container("[", "]", depth: depth) { repr in
        for (index, item) in items.enumerated() {
          if index > 0 { repr.token(", ") }
          repr.write(item, depth: depth + 1)
        }
      }
    case .object:
      let members = Self.distinct(JSONScanner.members(of: slice, in: bytes))
      container("{", "}", depth: depth) { repr in
        for (index, member) in members.enumerated() {
          if index > 0 { repr.token(", ") }
          repr.writeQuoted(ArraySlice(member.key.utf8))
          repr.token(": ")
          repr.write(member.value, depth: depth + 1)
        }
      }
    case .null: word(ArraySlice("None".utf8))
    case .bool: word(ArraySlice((bytes[slice.range.lowerBound] == UInt8(ascii: "t") ? "True" : "False").utf8))
    case .number:
      let text = bytes[slice.range]
      word(Self.isOwnRepr(text) ? text : ArraySlice(Self.number(String(decoding: text, as: UTF8.self)).utf8))
    case .shellCall: break
    }
  }

  /// A key that comes twice keeps its first place and its last value.
  private static func distinct(_ members: [JSONMember]) -> [JSONMember] {
    guard members.count > 1 else { return members }
    if members.count <= 8,
      members.indices.allSatisfy({ index in !members[..<index].contains { $0.key == members[index].key } })
    {
      return members
    }
    var places: [String: Int] = [:]
    var result: [JSONMember] = []
    for member in members {
      if let place = places[member.key] {
        result[place].value = member.value
      } else {
        places[member.key] = result.count
        result.append(member)
      }
    }
    return result
  }

  private mutating func container(_ open: String, _ close: String, depth: Int, _ contents: (inout PythonRepr) -> Void) {
    guard depth < Self.maximumDepth else { return token("\(open)...\(close)") }
    token(open)
    guard !isCut else { return }
    contents(&self)
    // A container that was opened is closed, even beyond the limit.
    result.append(close)
    budget -= 1
  }

  /// - Parameter text: ASCII.
  private mutating func token(_ text: String) {
    guard begins() else { return }
    result.append(text)
    budget -= text.utf8.count
  }

  /// Whether there is room for one more token.
  private mutating func begins() -> Bool {
    guard !isCut, budget <= 0 else { return !isCut }
    result.append(", ...")
    isCut = true
    return false
  }

  private mutating func word(_ text: ArraySlice<UInt8>) {
    let word = Self.truncated(text, to: budget)
    guard begins() else { return }
    result += word
    budget -= Self.scalars(word)
  }

  /// Celery escapes the quote and nothing else.
  private mutating func writeQuoted(_ text: ArraySlice<UInt8>) {
    let text = Self.truncated(text, to: budget)
    guard begins() else { return }
    let quote = UInt8(ascii: "'")
    result.append(quote)
    budget -= Self.scalars(text) + 2
    guard text.contains(quote) else {
      result += text
      return result.append(quote)
    }
    for byte in text {
      if byte == quote {
        result.append(UInt8(ascii: "\\"))
        budget -= 1
      }
      result.append(byte)
    }
    result.append(quote)
  }

  /// celery.utils.text.truncate: cut at the last space before the limit.
  private static func truncated(_ text: ArraySlice<UInt8>, to limit: Int) -> ArraySlice<UInt8> {
    // No text has more scalars than bytes.
    guard limit > 0, text.count >= limit, scalars(text) >= limit else { return text }
    var end = text.startIndex
    var count = 0
    while end < text.endIndex {
      if text[end] & 0xC0 != 0x80 {
        if count == limit { break }
        count += 1
      }
      end += 1
    }
    let head = text[..<end]
    let cut = head.lastIndex(of: UInt8(ascii: " ")).map { head[..<$0] } ?? head
    return cut + Array("...".utf8)
  }

  private static func scalars(_ utf8: ArraySlice<UInt8>) -> Int { utf8.count { $0 & 0xC0 != 0x80 } }

  /// Whether Python would write a JSON number as it stands: nearly always.
  ///
  /// A float has to have few enough digits to come back from a Double as they are, and no more zeros than needed.
  static func isOwnRepr(_ text: ArraySlice<UInt8>) -> Bool {
    var digits = 0
    var point: Int?
    for (index, byte) in zip(text.indices, text) {
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): digits += 1
      case UInt8(ascii: "."): point = index
      default: return false
      }
    }
    guard let point else { return true }
    let isTooSmall = text.first == UInt8(ascii: "0")
    let endsInZero = text.last == UInt8(ascii: "0") && point + 2 < text.endIndex
    return digits <= 15 && !isTooSmall && !endsInZero
  }

  /// Python's text of a JSON number: integers as they are, floats as `repr` writes them.
  static func number(_ text: String) -> String {
    guard text.utf8.contains(where: { Self.signsOfFloats.contains($0) }) else { return text == "-0" ? "0" : text }
    // A longer number takes long to read, and a repr is cut in any case.
    guard !Limit.numberDigits.isExceeded(by: text.utf8.count), let value = Double(text) else { return text }
    if value.isNaN { return "nan" }
    if value.isInfinite { return value < 0 ? "-inf" : "inf" }
    return float(value)
  }

  private static let signsOfFloats = Array(".eEaIN".utf8)

  /// The text of a finite float: the shortest digits that give the same number, with an exponent below 1e-4 and from 1e16
  /// on.
  package static func float(_ value: Double) -> String {
    let parts = value.magnitude.description.split(separator: "e")
    let mantissa = parts.first ?? "0"
    let point = mantissa.firstIndex(of: ".") ?? mantissa.endIndex
    let whole = mantissa[..<point]
    var digits = whole + mantissa[point...].dropFirst()
    var exponent = (parts.count > 1 ? Int(parts[1]) ?? 0 : 0) + whole.count - 1
    while digits.hasPrefix("0"), digits.count > 1 {
      digits.removeFirst()
      exponent -= 1
    }
    while digits.hasSuffix("0"), digits.count > 1 { digits.removeLast() }
    if digits == "0" { exponent = 0 }
    let sign = value.sign == .minus ? "-" : ""
    if exponent < -4 || exponent >= 16 {
      let fraction = digits.count > 1 ? "." + digits.dropFirst() : ""
      let power = String(exponent.magnitude)
      return "\(sign)\(digits.prefix(1))\(fraction)e\(exponent < 0 ? "-" : "+")\(power.count < 2 ? "0" : "")\(power)"
    }
    if exponent < 0 { return "\(sign)0." + String(repeating: "0", count: -exponent - 1) + digits }
    let padded = digits + String(repeating: "0", count: max(0, exponent + 1 - digits.count))
    let fraction = padded.dropFirst(exponent + 1)
    return "\(sign)\(padded.prefix(exponent + 1)).\(fraction.isEmpty ? "0" : fraction)"
  }
}
