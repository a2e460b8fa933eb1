/// JSON text for people, printed or in documents, on one line whatever it holds.
///
/// Escaped is what JSON asks for, and what a terminal would not show as it is: controls, line separators, and characters
/// that turn the direction of text around. The escapes decode to the same text. `JSONText` writes as Python does, for workers.
package enum JSONLine {
  /// With its quotes.
  package static func quoted(_ text: String) -> String {
    // Nearly all text is this.
    if text.utf8.allSatisfy({ (0x20...0x7E).contains($0) && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }) {
      return "\"\(text)\""
    }
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      case _ where isUnseen(scalar): append(escaped: scalar, to: &result)
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }

  /// The same JSON with such characters escaped.
  ///
  /// - Parameter json: valid, so that they stand in texts only.
  package static func printable(_ json: String) -> String {
    guard holdsUnseen(json) else { return json }
    var result = ""
    for scalar in json.unicodeScalars {
      if scalar.value >= 0x7F, isUnseen(scalar) {
        append(escaped: scalar, to: &result)
      } else {
        result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  /// Whether `printable` changes it.
  static func holdsUnseen(_ json: String) -> Bool {
    !json.utf8.allSatisfy { $0 < 0x7F } && json.unicodeScalars.contains { $0.value >= 0x7F && isUnseen($0) }
  }

  private static func isUnseen(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator: true
    default: false
    }
  }

  private static func append(escaped scalar: Unicode.Scalar, to text: inout String) {
    // Above U+FFFF a pair of surrogates.
    for unit in String(scalar).utf16 {
      let digits = String(unit, radix: 16)
      text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    }
  }
}
