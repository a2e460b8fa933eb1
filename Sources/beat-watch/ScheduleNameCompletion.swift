import ArgumentParser
import BeatCore

extension CompletionKind {
  /// The tasks of the application, if it has published them.
  static var taskNames: CompletionKind {
    .custom { words, index, prefix in
      let completion = ScheduleNameCompletion(shell: CompletionShell.requesting, words: words, index: index)
      guard completion.isPossible, let options = try? StoreOptions.parse([]), let client = try? options.connect(),
        let context = try? options.documents(options.documents(), on: client)
      else { return [] }
      let tasks = context.application?.tasks.filter(\.value.isRegistered).keys.sorted() ?? []
      return completion.offers(tasks.map { EntryName($0) }, to: prefix)
    }
  }

  /// The stored names, found by the settings in the environment. A shell asks at each press of the tab key.
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
/// Installed completion scripts hand a list of words to the shell, which may expand the words (bash, by `compgen -W`),
/// cut them at a colon (zsh), or quote them in its own way. So only those names are offered that mean themselves in
/// every shell, whatever it does with them, and whichever version of the script is installed.
struct ScheduleNameCompletion {
  let shell: CompletionShell?
  /// The word that is completed and the word before it, as the shell has cut the line.
  private let ends: [String]

  /// - Parameters:
  ///   - words: the line's words.
  ///   - index: the place of the completed word among them.
  init(shell: CompletionShell?, words: [String] = [], index: Int = 0) {
    self.shell = shell
    ends = words.enumerated().filter { $0.offset == index || $0.offset == index - 1 }.map(\.element)
  }

  /// The most names that are offered.
  static let most = 1000

  /// Whether the shell would put an offered name into the right place. bash begins a word behind each colon and @, and
  /// does not tell whether the text before it belongs to the same word. Then no name is offered.
  var isPossible: Bool { shell != .bash || !ends.contains { !$0.isEmpty && $0.utf8.allSatisfy(Self.isBreak) } }

  func offers(_ names: [EntryName], to prefix: String) -> [String] {
    names.lazy.filter { $0.bytes.starts(with: prefix.utf8) && isSafe($0) }.prefix(Self.most).map(word)
  }

  private func isSafe(_ name: EntryName) -> Bool {
    guard let first = name.bytes.first, first != UInt8(ascii: "-"), name.bytes.allSatisfy(Self.isPlain) else {
      return false
    }
    // bash takes a name for a file, and would add a slash to the name of a folder.
    return shell != .bash || !InputFile.isFolder("\(name)")
  }

  /// Whether a byte is an ASCII letter or digit, or a character without a meaning to any shell.
  private static func isPlain(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte & 0xDF) || "._-+/,".utf8.contains(byte)
      || isBreak(byte)
  }

  private static func isBreak(_ byte: UInt8) -> Bool { byte == UInt8(ascii: ":") || byte == UInt8(ascii: "@") }

  /// The name as the shell must get it. To zsh the text behind a colon is a description.
  private func word(_ name: EntryName) -> String {
    shell == .zsh ? "\(name)".replacing(":", with: "\\:") : "\(name)"
  }
}
