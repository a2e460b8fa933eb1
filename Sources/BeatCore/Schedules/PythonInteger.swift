/// A whole number as Python's `int()` reads it from text: surrounding white space, one sign, decimal digits of any
/// script, single underscores between digits. It refuses longer texts than `Limit.numberDigits`.
struct PythonInteger {
  /// Saturates.
  var number: Int64
  /// Whether the number is spelled in other than ASCII digits.
  var isUnusual: Bool

  init?(_ text: Substring.UnicodeScalarView) {
    let digits = text.drop(while: \.isPythonSpace)
    var rest = digits
    var sign: Int64 = 1
    if let first = rest.first, first == "+" || first == "-" {
      sign = first == "-" ? -1 : 1
      rest = rest.dropFirst()
    }
    number = 0
    isUnusual = sign < 0
    var count = 0
    var afterDigit = false
    while let scalar = rest.first, !scalar.isPythonSpace {
      rest = rest.dropFirst()
      if scalar == "_", afterDigit {
        afterDigit = false
        isUnusual = true
        continue
      }
      guard let digit = scalar.decimalValue else { return nil }
      if !scalar.isASCII { isUnusual = true }
      number = number.saturatingMultiply(by: 10).saturatingAdd(digit)
      afterDigit = true
      count += 1
    }
    guard afterDigit, !Limit.numberDigits.isExceeded(by: count), rest.allSatisfy(\.isPythonSpace) else { return nil }
    number *= sign
  }
}

extension Unicode.Scalar {
  /// `\w` of a Python pattern: letters, numbers of every kind, and the underscore.
  var isPythonWord: Bool {
    if isASCII {
      switch self {
      case "0"..."9", "a"..."z", "A"..."Z", "_": return true
      default: return false
      }
    }
    switch properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: return true
    default: return properties.numericType != nil
    }
  }

  /// White space that Python's `int()` strips. (`str.strip()` would also strip 0x1C-0x1F.)
  var isPythonSpace: Bool {
    switch value {
    case 0x09...0x0D, 0x20, 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000: true
    default: false
    }
  }

  /// The value of a decimal digit of any script.
  var decimalValue: Int64? {
    if isASCII { return ("0"..."9").contains(self) ? Int64(value) - 0x30 : nil }
    guard properties.numericType == .decimal, let number = properties.numericValue else { return nil }
    return Int64(number)
  }

  var isUppercaseASCII: Bool { ("A"..."Z").contains(self) }
}
