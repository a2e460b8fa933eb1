import BeatCore

/// Commands that a person may paste into a shell: whatever a name holds, they are one command about that name.
enum ShellWords {
  /// `beat-watch COMMAND NAME`, the name as one word that can neither begin an option nor mean another schedule.
  static func command(_ command: String, _ name: EntryName) -> String {
    "beat-watch \(command) \(quoted(name.argument))"
  }

  /// A word of sh, bash, zsh and fish.
  ///
  /// - Parameter word: nothing but `printable` text.
  static func quoted(_ word: String) -> String {
    let plain: (UInt8) -> Bool = { byte in
      (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte & 0xDF) || "._-+/:,@".utf8.contains(byte)
    }
    if !word.isEmpty, word.utf8.allSatisfy(plain) { return word }
    // Within single quotes fish takes a backslash before another or before a quote for an escape; so none of the two
    // stands in them.
    var result = "'"
    for character in word.unicodeScalars {
      switch character {
      case "'": result += #"'\''"#
      case "\\": result += #"'\\'"#
      default: result.unicodeScalars.append(character)
      }
    }
    return result + "'"
  }
}
