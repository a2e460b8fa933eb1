import BeatCore

/// A schedule's name in paths and in JSON: the base64url of its bytes without padding (RFC 4648, section 5), since a name
/// may hold slashes, spaces and bytes that are no text.
enum ScheduleID {
  static func text(of name: EntryName) -> String {
    String(
      Base64.encode(name.bytes).compactMap { character -> Character? in
        switch character {
        case "+": "-"
        case "/": "_"
        case "=": nil
        default: character
        }
      })
  }

  /// nil: the text is the id of no schedule. Each name has one id only.
  static func name(of text: String) -> EntryName? {
    let digits = Array(text.utf8)
    guard !digits.isEmpty, digits.count % 4 != 1 else { return nil }
    var standard: [UInt8] = []
    standard.reserveCapacity(digits.count + 3)
    for digit in digits {
      switch digit {
      case UInt8(ascii: "-"): standard.append(UInt8(ascii: "+"))
      case UInt8(ascii: "_"): standard.append(UInt8(ascii: "/"))
      case UInt8(ascii: "+"), UInt8(ascii: "/"), UInt8(ascii: "="): return nil
      default: standard.append(digit)
      }
    }
    while standard.count % 4 != 0 { standard.append(UInt8(ascii: "=")) }
    guard let bytes = Base64.decode(String(decoding: standard, as: UTF8.self)) else { return nil }
    let name = EntryName(bytes)
    return self.text(of: name) == text ? name : nil
  }
}
