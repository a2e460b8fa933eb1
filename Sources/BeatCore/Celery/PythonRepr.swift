/// The `argsrepr` and `kwargsrepr` of a message: what Celery's `saferepr` makes of the same values in Python, so that
/// a worker's log reads as with Celery's own beat. (Source: celery/utils/saferepr.py and celery/app/amqp.py, 5.7:
/// at most 1,024 characters, three levels.)
struct PythonRepr {
  private static let maximumLength = 1024
  private static let maximumDepth = 3

  private let bytes: [UInt8]
  private var budget = Self.maximumLength
  private var result = ""
  private var isCut = false

  /// `nil` or an empty list is `()`, as Celery passes it.
  static func arguments(_ slice: JSONSlice?, in bytes: [UInt8]) -> String {
    guard let slice, !JSONScanner.items(of: slice, in: bytes).isEmpty else { return "()" }
    return repr(slice, in: bytes)
  }

  static func keywords(_ slice: JSONSlice?, in bytes: [UInt8]) -> String {
    slice.map { repr($0, in: bytes) } ?? "{}"
  }

  private static func repr(_ slice: JSONSlice, in bytes: [UInt8]) -> String {
    var repr = PythonRepr(bytes: bytes)
    repr.write(slice, depth: 0)
    return repr.result
  }

  private init(bytes: [UInt8]) { self.bytes = bytes }

  private mutating func write(_ slice: JSONSlice, depth: Int) {
    guard !isCut else { return }
    switch slice.kind {
    case .string:
      token(quoted(JSONScanner.text(of: slice, in: bytes) ?? "\u{FFFD}"))
    case .array:
      let items = JSONScanner.items(of: slice, in: bytes)
      container("[", "]", depth: depth) { repr in
        for (index, item) in items.enumerated() {
          if index > 0 { repr.token(", ") }
          repr.write(item, depth: depth + 1)
        }
      }
    case .object:
      // A key that comes twice keeps its first place and its last value.
      var values: [String: JSONSlice] = [:]
      var keys: [String] = []
      for member in JSONScanner.members(of: slice, in: bytes) {
        if values.updateValue(member.value, forKey: member.key) == nil { keys.append(member.key) }
      }
      container("{", "}", depth: depth) { repr in
        for (index, key) in keys.enumerated() {
          guard let value = values[key] else { continue }
          if index > 0 { repr.token(", ") }
          repr.token(repr.quoted(key))
          repr.token(": ")
          repr.write(value, depth: depth + 1)
        }
      }
    case .null: word("None")
    case .bool: word(bytes[slice.range.lowerBound] == UInt8(ascii: "t") ? "True" : "False")
    case .number: word(Self.number(String(decoding: bytes[slice.range], as: UTF8.self)))
    case .shellCall: break
    }
  }

  private mutating func container(_ open: String, _ close: String, depth: Int, _ contents: (inout PythonRepr) -> Void) {
    guard depth < Self.maximumDepth else { return token("\(open)...\(close)") }
    token(open)
    guard !isCut else { return }
    contents(&self)
    // A container that was opened is closed, even beyond the limit.
    result += close
    budget -= close.unicodeScalars.count
  }

  private mutating func token(_ text: String) {
    guard !isCut else { return }
    guard budget > 0 else {
      result += ", ..."
      isCut = true
      return
    }
    result += text
    budget -= text.unicodeScalars.count
  }

  private mutating func word(_ text: String) { token(Self.truncated(text, to: budget)) }

  /// Celery escapes the quote and nothing else.
  private func quoted(_ text: String) -> String {
    var result = "'"
    for character in Self.truncated(text, to: budget).unicodeScalars {
      if character == "'" { result += "\\" }
      result.unicodeScalars.append(character)
    }
    return result + "'"
  }

  /// celery.utils.text.truncate: cut at the last space before the limit.
  private static func truncated(_ text: String, to limit: Int) -> String {
    let scalars = text.unicodeScalars
    guard limit > 0, scalars.count >= limit else { return text }
    let head = scalars.prefix(limit)
    let cut = head.lastIndex(of: " ").map { head[..<$0] } ?? head
    return String(Substring.UnicodeScalarView(cut)) + "..."
  }

  /// Python's text of a JSON number: integers as they are, floats as `repr` writes them.
  static func number(_ text: String) -> String {
    guard text.contains(where: { ".eEaIN".contains($0) }) else { return text == "-0" ? "0" : text }
    guard let value = Double(text) else { return text }
    if value.isNaN { return "nan" }
    if value.isInfinite { return value < 0 ? "-inf" : "inf" }
    return float(value)
  }

  /// The shortest digits that give the same number, with an exponent below 1e-4 and from 1e16 on.
  private static func float(_ value: Double) -> String {
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
