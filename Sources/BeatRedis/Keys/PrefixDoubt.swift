import BeatCore

/// Why a key prefix with schedules under it is probably not the one that the operator meant. The names that it gives
/// the schedules show it.
struct PrefixDoubt {
  /// The prefix that was probably meant.
  let probable: EntryName
  /// The configured prefix, and what speaks against it.
  private let prefix: EntryName
  private let evidence: Evidence

  private enum Evidence {
    /// The name of a schedule begins with a separator.
    case separator(EntryName)
    /// The prefix itself is the key of a schedule.
    case noName
    case glob
  }

  /// Whether the names under a prefix must be examined. Most prefixes end with a separator, and need not.
  static func isDubious(_ prefix: [UInt8]) -> Bool {
    guard let last = prefix.last else { return false }
    return isWord(last) || prefix.contains(where: isGlob)
  }

  /// Judges a prefix by the names of its schedules; nil: nothing speaks against the prefix.
  init?(_ prefix: [UInt8], names: some Sequence<EntryName>) {
    guard Self.isDubious(prefix) else { return nil }
    self.prefix = EntryName(prefix)
    if let start = prefix.firstIndex(where: Self.isGlob) {
      evidence = .glob
      probable = EntryName(Array(prefix[..<start]))
      return
    }
    var isAtPrefix = false
    for name in names {
      if let first = name.bytes.first, Self.isSeparator(first) {
        evidence = .separator(name)
        probable = EntryName(prefix + [first])
        return
      }
      if name.bytes.isEmpty { isAtPrefix = true }
    }
    guard isAtPrefix, let end = prefix.lastIndex(where: Self.isSeparator) else { return nil }
    evidence = .noName
    probable = EntryName(Array(prefix[...end]))
  }

  /// One sentence that says what is wrong, and what to do.
  var words: String {
    let found =
      switch evidence {
      case .separator(let name): "key prefix \(prefix) gives the schedules names such as \(name)"
      case .noName: "key prefix \(prefix) is the whole key of a schedule, which then has no name"
      case .glob: "key prefix \(prefix) is no glob: its * ? [ ] stand for themselves"
      }
    let advice = probable.bytes.isEmpty ? "right" : "to be \(probable)"
    return "\(found): is --key-prefix (CELERY_REDIS_SCHEDULER_KEY_PREFIX) \(advice)?"
  }

  private static func isWord(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), 0x80...:
      true
    default: false
    }
  }

  private static func isSeparator(_ byte: UInt8) -> Bool { ":.-_/|".utf8.contains(byte) }
  private static func isGlob(_ byte: UInt8) -> Bool { "*?[".utf8.contains(byte) }
}

extension PlaceDoubt {
  /// Judges a prefix by the names of its schedules; nil: nothing speaks against it.
  init?(prefix: [UInt8], names: some Sequence<EntryName>) {
    guard let doubt = PrefixDoubt(prefix, names: names) else { return nil }
    self.init(probable: doubt.probable, words: doubt.words)
  }
}
