import ArgumentParser
import Testing

@testable import beat_watch

/// Users paste the examples of a help text: no line of them may be broken on any terminal, and each must be right.
@Suite struct HelpExampleTests {
  private static let commands: [any ParsableCommand.Type] =
    [BeatWatch.self] + BeatWatch.configuration.subcommands
  private static let widths = [60, 80, 100, 120, 200]

  /// The examples of a help text as a shell reads them: a line that ends in a backslash goes on in the next one.
  private static func examples(_ command: any ParsableCommand.Type, columns: Int) -> [String] {
    let overview = BeatWatch.helpMessage(for: command, columns: columns).split(separator: "USAGE:")[0]
    var examples: [String] = []
    var isOpen = false
    for line in overview.split(separator: "\n") {
      let text = line.drop { $0 == " " }
      guard isOpen || line.hasPrefix("  ") && text.hasPrefix("beat-watch ") else { continue }
      let body = text.hasSuffix("\\") ? text.dropLast() : text
      if isOpen { examples[examples.count - 1] += body } else { examples.append(String(body)) }
      isOpen = text.hasSuffix("\\")
    }
    return examples
  }

  /// The examples as the source has them, without a terminal's width.
  private static let written = commands.flatMap { examples($0, columns: 1000) }

  @Test(arguments: widths) func noneIsBroken(_ columns: Int) {
    #expect(Self.written.count >= 8)
    #expect(Self.commands.flatMap { Self.examples($0, columns: columns) } == Self.written)
  }

  /// Checks every part of a pipe that is a `beat-watch` command.
  @Test func eachIsRight() throws {
    for example in Self.written {
      // A list of commands, such as one with `||`, is cut at the same characters as a pipe.
      for part in example.split(separator: "|") where part.drop(while: \.isWhitespace).hasPrefix("beat-watch ") {
        let words = try CommandRun(["-c", "printf '%s\\n' \(part)"], program: ["/bin/sh"]).lines
        #expect(throws: Never.self, "\(example)") { _ = try BeatWatch.parseAsRoot(Array(words.dropFirst())) }
      }
    }
  }
}
