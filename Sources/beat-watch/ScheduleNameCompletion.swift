import ArgumentParser
import BeatCore

extension CompletionKind {
  /// The names that are stored, by the environment's settings: a shell asks with each press of the tab key.
  static var scheduleNames: CompletionKind {
    .custom { words, index, prefix in
      let completion = ScheduleNameCompletion(shell: CompletionShell.requesting, words: words, index: index)
      guard completion.isPossible, let options = try? StoreOptions.parse([]), let client = try? options.connect() else {
        return []
      }
      return completion.offers((try? client.names()) ?? [], to: prefix)
    }
  }
}

/// Which names a shell is offered, and how each is written for it.
///
/// The completion scripts that are installed hand a list of words to the shell, which may expand them (bash, by
/// `compgen -W`), cut them at a colon (zsh), or quote them its own way. So only names are offered that mean themselves in
/// every shell, whatever it does with them, and whichever version's script is installed.
struct ScheduleNameCompletion {
  let shell: CompletionShell?
  /// The word that is completed, and the one before it, as the shell has cut the line.
  private let ends: [String]

  /// - Parameters:
  ///   - words: of the line.
  ///   - index: of the word that is completed among them.
  init(shell: CompletionShell?, words: [String] = [], index: Int = 0) {
    self.shell = shell
    ends = words.enumerated().filter { $0.offset == index || $0.offset == index - 1 }.map(\.element)
  }

  /// As many are offered at most.
  static let most = 1000

  /// Whether the shell puts what it is given behind what is typed. bash begins a word behind each colon and @, and what
  /// stands before it is not told apart from another word.
  var isPossible: Bool { shell != .bash || !ends.contains { !$0.isEmpty && $0.utf8.allSatisfy(Self.isBreak) } }

  func offers(_ names: [EntryName], to prefix: String) -> [String] {
    names.lazy.filter { $0.bytes.starts(with: prefix.utf8) && isSafe($0) }.prefix(Self.most).map(word)
  }

  private func isSafe(_ name: EntryName) -> Bool {
    guard let first = name.bytes.first, first != UInt8(ascii: "-"), name.bytes.allSatisfy(Self.isPlain) else {
      return false
    }
    // bash takes a name for a file, and writes a slash behind that of a folder.
    return shell != .bash || !InputFile.isFolder("\(name)")
  }

  /// A letter or digit of ASCII, or a sign that no shell has a meaning for.
  private static func isPlain(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte & 0xDF) || "._-+/,".utf8.contains(byte)
      || isBreak(byte)
  }

  private static func isBreak(_ byte: UInt8) -> Bool { byte == UInt8(ascii: ":") || byte == UInt8(ascii: "@") }

  /// To zsh what follows a colon is a description.
  private func word(_ name: EntryName) -> String {
    shell == .zsh ? "\(name)".replacing(":", with: "\\:") : "\(name)"
  }
}
