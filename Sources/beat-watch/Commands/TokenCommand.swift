import ArgumentParser
import BeatCore
import Glibc

/// `beat-watch token`: makes a token by which somebody logs in to the web page.
struct TokenCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "token",
    abstract: "Makes a token for the login of `web`.",
    discussion: """
      Prints the token once, and adds a line to the file: the user, the role, and the token's SHA-256. The file does not \
      hold the token itself, so a lost one is replaced by a new one. A line that is taken out of the file ends the user's \
      sessions at once. A viewer looks; an editor also changes and runs schedules.

      Ends with status 64 for a wrong name or role, 69 without OpenSSL, 74 if the file cannot be written.
      """)

  @Argument(help: "The user's name: letters, digits and . _ @ + -")
  var user: String

  @Option(help: "viewer or editor.")
  var role = "viewer"

  @Option(help: "The file of tokens. [BEAT_WATCH_WEB_TOKEN_FILE]", completion: .file())
  var tokenFile: String?

  func run() throws {
    guard let role = WebRole(rawValue: role) else { throw ValidationError("--role: expected viewer or editor") }
    if let problem = AccessToken.problem(withUser: user) { throw ValidationError(problem) }
    guard let path = Setting.optional(tokenFile, "BEAT_WATCH_WEB_TOKEN_FILE") else {
      throw ValidationError("--token-file: which file of tokens?")
    }
    let secret = RandomSecret.make()
    let line = AccessToken(user: user, role: role, hash: try SecretHash(of: secret)).line
    try Self.append(line, to: path)
    var output = StandardOutput()
    output.put(secret)
    output.flush()
    StandardError.write(
      line:
        "beat-watch: the token of \(user), \(role.rawValue), is shown only here; \(Cut.argument(path)) has its digest")
  }

  private static func append(_ line: String, to path: String) throws {
    func failure() -> CommandError { CommandError(.output, "\(path): \(String(cString: strerror(errno)))") }
    let file = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw failure() }
    defer { close(file) }
    // A file that was written by hand may lack the end of its last line.
    var last: UInt8 = 10
    let end = lseek(file, 0, SEEK_END)
    if end > 0, pread(file, &last, 1, end - 1) != 1 { throw failure() }
    let bytes = Array(((last == 10 ? "" : "\n") + line + "\n").utf8)
    guard write(file, bytes, bytes.count) == bytes.count else { throw failure() }
  }
}
