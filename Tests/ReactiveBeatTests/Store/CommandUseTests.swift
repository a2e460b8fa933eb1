import Glibc
import Testing

@testable import ReactiveBeat

/// The one table of all commands is compared with the scripts and the sources. A command that is used and missing in
/// the table would be missing in the rights that `doctor` checks and that the documentation lists.
@Suite struct CommandUseTests {
  /// The commands that a script calls, such as `call('GET'` or `redis.pcall(\n 'XADD'`.
  private static func commands(ofScript text: String) -> Set<String> {
    Set(text.matches(of: /p?call\(\s*'([A-Z]+)'/).map { String($0.1) })
  }

  private static let scripts: [String] = files(in: "Sources/BeatRedis/Scripts").filter { $0.hasSuffix(".lua") }

  @Test(arguments: scripts) func namesWhatAScriptCalls(_ path: String) throws {
    let called = Self.commands(ofScript: try text(of: path))
    #expect(!called.isEmpty)
    let script = String(path.split(separator: "/").last?.dropLast(4) ?? "")
    let listed = Set(CommandUse.all.filter { $0.scripts.contains(script) }.map(\.name))
    #expect(listed == called, "\(script).lua: \(listed.symmetricDifference(called).sorted())")
  }

  /// All calls have this form: a command in a variable would not be found.
  @Test(arguments: scripts) func callsNameTheirCommand(_ path: String) throws {
    let code = try text(of: path).split(separator: "\n").filter {
      !$0.hasPrefix("--") && !$0.hasPrefix("local call, pcall")
    }
    .joined(separator: "\n")
    #expect(code.matches(of: /p?call\(/).count == code.matches(of: /p?call\(\s*'[A-Z]+'/).count)
  }

  @Test func namesNoScriptThatIsNone() {
    let names = Set(Self.scripts.map { String($0.split(separator: "/").last?.dropLast(4) ?? "") })
    #expect(Set(CommandUse.all.flatMap(\.scripts)).isSubset(of: names))
  }

  /// The commands that Swift sends itself, such as `RedisCommand("CLIENT", "SETNAME"`.
  @Test func namesWhatIsSent() throws {
    var sent: Set<String> = []
    for path in Self.files(in: "Sources") where path.hasSuffix(".swift") {
      let text = try text(of: path).split(separator: "\n").filter { !$0.contains("///") }.joined(separator: "\n")
      for match in text.matches(of: /(?:RedisCommand|send|command)\("([A-Z]+)"(?:, "([A-Z]+)")?/) {
        let name = String(match.1)
        let hasSubcommands = ["CLIENT", "CONFIG", "ACL", "CLUSTER"].contains(name)
        sent.insert(hasSubcommands ? "\(name) \(match.2 ?? "")" : name)
      }
    }
    // These two are allowed to every user before the log-in.
    sent.subtract(["AUTH", "PING"])
    let listed = Set(CommandUse.all.filter(\.isSent).map(\.name))
    #expect(sent == listed, "\(sent.symmetricDifference(listed).sorted())")
  }

  @Test func eachIsUsed() {
    for use in CommandUse.all { #expect(use.isSent || !use.scripts.isEmpty, "\(use.name)") }
  }

  @Test func eachStandsOnceInItsPlace() {
    for use in CommandUse.all where use.name != "HSET" || use.client == .tools {
      let same = CommandUse.all.filter { $0.name == use.name && $0.place == use.place && $0.client == use.client }
      #expect(same.count == 1, "\(use.name)")
    }
  }

  @Test func grants() {
    let grants = CommandUse.grants(of: .daemon, at: .store, .queues)
    #expect(Set(["+hmget", "+mget", "+client|setname", "+lpush"]).isSubset(of: grants))
    #expect(!grants.contains("+lrem") && grants == grants.sorted())
  }

  private func text(of path: String) throws -> String {
    let file = try #require(fopen(path, "r"), "\(path)")
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while case let count = fread(&buffer, 1, buffer.count, file), count > 0 { bytes += buffer[..<count] }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The files below a folder of the project.
  private static func files(in folder: String) -> [String] {
    var paths: [String] = []
    func walk(_ folder: String) {
      guard let directory = opendir(folder) else { return }
      defer { closedir(directory) }
      while let entry = readdir(directory) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) {
          $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        guard !name.hasPrefix(".") else { continue }
        let path = "\(folder)/\(name)"
        if entry.pointee.d_type == UInt8(DT_DIR) { walk(path) } else { paths.append(path) }
      }
    }
    walk("\(ProjectFolder.root)/\(folder)")
    return paths.sorted()
  }
}
