/// What the mongo shells print, as text that `JSONScanner` reads: keys get their quotes, strings double ones.
///
/// The older shell (`mongo`) prints `{ "_id" : ObjectId("…"), "n" : NumberLong(5) }`, the newer one (`mongosh`)
/// JavaScript: `{ _id: ObjectId('…'), n: Long('5') }`. Constructors stay; those of mongosh get the older one's names.
enum MongoShellText {
  private static let renamed = [
    "Long": "NumberLong", "Int32": "NumberInt", "Double": "NumberDouble", "undefined": "null",
  ]

  static func json(_ bytes: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count + bytes.count / 8)
    var index = 0
    while index < bytes.count {
      switch bytes[index] {
      case UInt8(ascii: "\""):
        let end = closing(UInt8(ascii: "\""), after: index, in: bytes)
        result += bytes[index..<end]
        index = end
      case UInt8(ascii: "'"), UInt8(ascii: "`"):
        let end = closing(bytes[index], after: index, in: bytes)
        result += requoted(bytes[(index + 1)..<max(index + 1, end - 1)])
        index = end
      case let byte where isWord(byte) && !isDigit(byte):
        var end = index
        while end < bytes.count, isWord(bytes[end]) { end += 1 }
        let word = String(decoding: bytes[index..<end], as: UTF8.self)
        var next = end
        while next < bytes.count, isSpace(bytes[next]) { next += 1 }
        if next < bytes.count, bytes[next] == UInt8(ascii: ":") {
          result += "\"\(word)\"".utf8
        } else if !bytes[index..<end].elementsEqual("new".utf8) {
          // No constructor is longer; comparing long words of combining marks as text would take quadratic time.
          result += ((end - index <= 16 ? renamed[word] : nil) ?? word).utf8
        } else {
          end = next
        }
        index = end
      case let byte where isDigit(byte):
        // The exponent's letter is no word.
        while index < bytes.count, isWord(bytes[index]) || bytes[index] == UInt8(ascii: ".") {
          result.append(bytes[index])
          index += 1
        }
      case let byte:
        result.append(byte)
        index += 1
      }
    }
    return result
  }

  /// Behind the quote that closes a string.
  private static func closing(_ quote: UInt8, after start: Int, in bytes: [UInt8]) -> Int {
    var index = start + 1
    while index < bytes.count, bytes[index] != quote { index += bytes[index] == UInt8(ascii: "\\") ? 2 : 1 }
    return min(index + 1, bytes.count)
  }

  /// The content of a string in other quotes, in double ones.
  private static func requoted(_ content: ArraySlice<UInt8>) -> [UInt8] {
    var result = [UInt8(ascii: "\"")]
    var rest = content
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "\\"), let escaped = rest.popFirst() {
        // JSON has no escape for these quotes.
        if escaped != UInt8(ascii: "'"), escaped != UInt8(ascii: "`") { result.append(byte) }
        result.append(escaped)
      } else {
        if byte == UInt8(ascii: "\"") { result.append(UInt8(ascii: "\\")) }
        result.append(byte)
      }
    }
    return result + [UInt8(ascii: "\"")]
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

  private static func isWord(_ byte: UInt8) -> Bool {
    isDigit(byte) || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "$") || byte >= 0x80
      || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
  }

  private static func isSpace(_ byte: UInt8) -> Bool { [0x20, 0x09, 0x0A, 0x0D].contains(byte) }
}
