/// Commands that a user may paste into a shell. Whatever a name holds, they are one command about that name.
package enum ShellWords {
  /// `beat-watch COMMAND NAME`, with the name as one word that can neither be an option nor mean another schedule.
  package static func command(_ command: String, _ name: EntryName) -> String {
    "beat-watch \(command) \(quoted(name.argument))"
  }

  /// A text as one word of sh, bash, zsh and fish.
  ///
  /// - Parameter word: `printable` text only.
  package static func quoted(_ word: String) -> String {
    let plain: (UInt8) -> Bool = { byte in
      (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte & 0xDF) || "._-+/:,@".utf8.contains(byte)
    }
    if !word.isEmpty, word.utf8.allSatisfy(plain) { return word }
    // Within single quotes, fish takes a backslash before a backslash or a quote for an escape. So neither character is
    // written inside quotes.
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
