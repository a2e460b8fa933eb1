extension RedisKeys {
  /// A queue's list for people: `reports`, or, since each priority has a list of its own, `reports, priority 3 and up`.
  public static func inWords(list: [UInt8]) -> String {
    guard let (queue, step) = parts(of: list) else { return EntryName(list).description }
    return "\(EntryName(queue)), priority \(step) and up"
  }

  /// The same with the key as redis-cli takes it, where somebody has to name it: `reports, priority 3 and up (key
  /// "reports\x06\x163")`.
  public static func inWordsWithKey(list: [UInt8]) -> String {
    guard parts(of: list) != nil else { return EntryName(list).description }
    return "\(inWords(list: list)) (key \(quoted(list)))"
  }

  /// In double quotes, as redis-cli reads and prints keys that are no plain text.
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

  private static func parts(of list: [UInt8]) -> (queue: [UInt8], step: String)? {
    let digits = list.reversed().prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }.count
    let rest = list.dropLast(digits)
    guard digits > 0, rest.count > QueueBinding.separator.count,
      rest.suffix(QueueBinding.separator.count).elementsEqual(QueueBinding.separator)
    else { return nil }
    return (
      Array(rest.dropLast(QueueBinding.separator.count)), String(decoding: list.suffix(digits), as: UTF8.self)
    )
  }
}
