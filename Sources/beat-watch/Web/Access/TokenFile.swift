import BeatCore
import Glibc

/// The file with the tokens by which people log in. It is read again when it has changed, so that a token that is taken
/// out is good no longer, and neither are the sessions that began with it.
final class TokenFile {
  let path: String
  private(set) var tokens: [AccessToken]
  private var stamp: Stamp
  /// Why the file could not be read when it had changed; nil: it could.
  private(set) var problem: String?

  /// What changes with the file.
  private struct Stamp: Equatable {
    var number: ino_t
    var size: off_t
    var seconds: Int
    var nanoseconds: Int
  }

  /// Throws: the file cannot be read, holds a line that is no token, belongs to another user, or others may write to it.
  init(_ path: String) throws(CommandError) {
    self.path = path
    (tokens, stamp) = try Self.read(path)
  }

  /// The token of a secret; nil: there is none. All tokens are compared, so the time says nothing about which.
  func token(of hash: SecretHash) -> AccessToken? {
    var found: AccessToken?
    for token in tokens where token.hash.matches(hash) { found = token }
    return found
  }

  /// Reads the file again if it has changed. While it cannot be read, nobody is let in by it.
  func refresh() {
    var status = stat()
    if stat(path, &status) == 0, Self.stamp(of: status) == stamp, problem == nil { return }
    do throws(CommandError) {
      (tokens, stamp) = try Self.read(path)
      problem = nil
    } catch {
      (tokens, problem) = ([], error.description)
    }
  }

  private static func read(_ path: String) throws(CommandError) -> ([AccessToken], Stamp) {
    // A pipe would be waited for, and is refused.
    let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard file >= 0 else {
      throw CommandError(
        .configuration, "\(path): \(String(cString: strerror(errno))). `beat-watch token` makes the file of tokens")
    }
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw CommandError(.configuration, "\(path): is no plain file")
    }
    guard status.st_mode & 0o022 == 0 else {
      throw CommandError(
        .configuration,
        "\(path): others may write to it, and so let themselves in: chmod go-w \(path)")
    }
    guard status.st_uid == geteuid() || status.st_uid == 0 else {
      throw CommandError(
        .configuration,
        "\(path): belongs to another user, who could let himself in: it must be this user's (\(geteuid())) or root's")
    }
    var bytes = [UInt8](repeating: 0, count: mostBytes + 1)
    let count = Glibc.read(file, &bytes, bytes.count)
    guard count >= 0, count <= mostBytes else {
      throw CommandError(.configuration, "\(path): has more than \(Plural.of(mostBytes, "byte")), or cannot be read")
    }
    guard let text = String(validating: bytes[..<count], as: UTF8.self) else {
      throw CommandError(.configuration, "\(path): is no text in UTF-8")
    }
    return (try AccessToken.list(text, file: path), stamp(of: status))
  }

  private static let mostBytes = 262_144

  private static func stamp(of status: stat) -> Stamp {
    Stamp(
      number: status.st_ino, size: status.st_size, seconds: status.st_mtim.tv_sec, nanoseconds: status.st_mtim.tv_nsec)
  }
}
