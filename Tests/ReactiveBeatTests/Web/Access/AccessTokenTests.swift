import Glibc
import Testing

@testable import beat_watch

/// Tokens, and the file that holds their digests.
@Suite struct AccessTokenTests {
  private func token(_ user: String, _ role: WebRole, _ secret: String) throws -> AccessToken {
    AccessToken(user: user, role: role, hash: try SecretHash(of: secret))
  }

  /// A file of its own that goes with the test.
  private final class File {
    let path = "/tmp/reactivebeat-tokens-\(getpid())-\(UInt64.random(in: 0 ... .max))"
    func write(_ text: String, mode: mode_t = 0o600) {
      // Another file takes the place, as editors do it.
      unlink(path)
      let file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
      _ = Array(text.utf8).withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
      fchmod(file, mode)
      close(file)
    }
    deinit { unlink(path) }
  }

  @Test("the digest is SHA-256 (FIPS 180-4's example)")
  func digest() throws {
    #expect(
      try SecretHash(of: "abc").text == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    let hash = try SecretHash(of: "abc")
    #expect(SecretHash(hexadecimal: hash.text[...]) == hash && hash.matches(hash))
    #expect(try !hash.matches(SecretHash(of: "abd")))
    #expect(SecretHash(hexadecimal: hash.text.uppercased()[...]) == nil)
    #expect(SecretHash(hexadecimal: hash.text.dropLast()) == nil)
    #expect(SecretHash(hexadecimal: "+a" + hash.text.dropFirst(2)) == nil)
  }

  @Test("no secret is drawn twice, and each has 256 bits")
  func secrets() {
    let secrets = (0..<200).map { _ in RandomSecret.make() }
    #expect(Set(secrets).count == 200)
    #expect(secrets.allSatisfy { $0.utf8.count == 64 && $0.utf8.allSatisfy { $0 < 0x80 } })
  }

  @Test("a line is written and read again")
  func lines() throws {
    let anna = try token("anna@example.org", .editor, "a")
    #expect(AccessToken(anna.line[...]) == anna)
    let text = "# people\n\n\(anna.line)\n  \(try token("b", .viewer, "b").line)  \n"
    #expect(try AccessToken.list(text, file: "f").map(\.user) == ["anna@example.org", "b"])
  }

  @Test(
    "a line that is none is named by its number, and not shown",
    arguments: [
      "anna editor hunter2hunter2", "anna admin sha256:aa", "an\u{202E}na editor sha256:aa", "anna editor",
    ])
  func wrongLines(_ line: String) throws {
    let good = try token("a", .viewer, "a").line
    let error = #expect(throws: CommandError.self) { _ = try AccessToken.list("\(good)\n\(line)\n", file: "f") }
    #expect(error?.description.contains("f, line 2") == true && error?.description.contains("hunter2") == false)
  }

  @Test("a token that is taken out of the file is good no longer, and one that is put in is")
  func changes() throws {
    let (anna, ben) = (try token("anna", .editor, "a"), try token("ben", .viewer, "b"))
    let file = File()
    file.write(anna.line + "\n")
    let tokens = try TokenFile(file.path)
    #expect(tokens.token(of: try SecretHash(of: "a")) == anna)
    file.write(ben.line + "\n")
    tokens.refresh()
    #expect(tokens.token(of: try SecretHash(of: "a")) == nil)
    #expect(tokens.token(of: try SecretHash(of: "b")) == ben)
    file.write("nonsense\n")
    tokens.refresh()
    #expect(tokens.tokens.isEmpty && tokens.problem?.contains("line 1") == true)
    file.write(anna.line + "\n")
    tokens.refresh()
    #expect(tokens.tokens == [anna] && tokens.problem == nil)
    unlink(file.path)
    tokens.refresh()
    #expect(tokens.tokens.isEmpty && tokens.problem != nil)
  }

  @Test("a file that others may write to lets nobody in")
  func modes() throws {
    let file = File()
    for mode: mode_t in [0o622, 0o660, 0o602] {
      file.write(try token("a", .editor, "a").line, mode: mode)
      let error = #expect(throws: CommandError.self) { _ = try TokenFile(file.path) }
      #expect(error?.status == .configuration && error?.description.contains("chmod go-w") == true)
    }
    file.write(try token("a", .editor, "a").line, mode: 0o644)
    #expect(throws: Never.self) { _ = try TokenFile(file.path) }
    // Another user's, who could let himself in.
    if geteuid() == 0 {
      chown(file.path, 12_345, 12_345)
      let error = #expect(throws: CommandError.self) { _ = try TokenFile(file.path) }
      #expect(error?.description.contains("belongs to another user") == true)
      chown(file.path, 0, 0)
    }
    unlink(file.path)
    mkfifo(file.path, 0o600)
    #expect(throws: CommandError.self, "a pipe is not waited for") { _ = try TokenFile(file.path) }
    #expect(throws: CommandError.self) { _ = try TokenFile("/etc") }
    #expect(throws: CommandError.self) { _ = try TokenFile("/nonexistent/tokens") }
  }
}
