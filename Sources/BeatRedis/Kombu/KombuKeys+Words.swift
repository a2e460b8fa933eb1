import BeatCore

extension KombuKeys {
  /// The words for a list, and its key as redis-cli takes it if that is another text: `reports, priority 3 (key
  /// "reports\x06\x163")`.
  package func wordsWithKey(for list: [UInt8]) -> String {
    let words = words(for: list)
    return words == EntryName(list).description ? words : "\(words) (key \(Self.quoted(list)))"
  }

  /// A list's key as redis-cli takes it, and the words for the list if those are another text: `"reports\x06\x163"
  /// (reports, priority 3)`.
  package func keyWithWords(for list: [UInt8]) -> String {
    let (words, key) = (words(for: list), EntryName(list).description)
    if words == key { return key }
    return (key.utf8.elementsEqual(list) ? key : Self.quoted(list)) + " (\(words))"
  }

  /// A key in double quotes, as redis-cli reads and prints keys that are no plain text.
  private static func quoted(_ key: [UInt8]) -> String {
    let body = key.map { byte in
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"): "\\" + String(Unicode.Scalar(byte))
      case 0x20...0x7E: String(Unicode.Scalar(byte))
      default: "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
      }
    }
    return "\"\(body.joined())\""
  }
}
