import Testing

@testable import BeatCore
@testable import ReactiveBeat

/// A key has a longer name than any that a daemon reads: no command may promise runs of it, or write it.
@Suite struct LongNameTests {
  private static let name = String(repeating: "z", count: 1_100)
  private static let excess = "has 1100 bytes, and at most 1024 are allowed"

  private static func stage() throws -> Stage {
    let stage = try Stage()
    stage.set(name, schedule("n"))
    return stage
  }

  @Test func isRejected() throws {
    let stage = try Self.stage()
    let explained = try stage.run("explain", Self.name, "--json").json
    #expect(explained?["verdict"]?.text == "rejected")
    #expect(explained?["because"]?.text?.hasSuffix("its name \(Self.excess)") == true)
    let at = try stage.run("explain", Self.name, "--json", "--at", "2030-01-01T00:00:00Z").json
    #expect(at?["verdict"]?.text == "rejected")
    let shown = try stage.run("show", Self.name, "--json").json
    #expect(shown?["state"]?.text == "rejected" && shown?["next"]?.items?.isEmpty == true)
    #expect(try stage.run("list", Self.name, "--json").json?.items?.first?["state"]?.text == "rejected")
    #expect(try stage.run("export", Self.name, "--crontab").text.contains("# set aside: "))
  }

  @Test(arguments: [
    (["next"], 65), (["enable"], 65), (["disable"], 65), (["edit"], 65), (["fire", "--print"], 65), (["fire"], 78),
    (["set", "--every", "5m"], 64),
  ])
  func isRefused(_ words: [String], _ status: Int) throws {
    let stage = try Self.stage()
    let daemon = words == ["fire"] ? try stage.daemon() : nil
    let arguments = [words[0], Self.name] + words.dropFirst()
    let run = try stage.run(arguments, environment: ["EDITOR": "sed -i s/3600/60/"])
    #expect(run.exit == .status(Int32(status)) && run.text.contains(Self.excess), "\(run.text)")
    #expect(stage.document(Self.name) == schedule("n"))
    try daemon?.stop()
  }

  /// `rm` deletes such a key, since a user must be able to get rid of it.
  @Test func isDeleted() throws {
    let stage = try Self.stage()
    #expect(try stage.run("rm", Self.name, "--yes").exit == .status(0))
    #expect(!stage.exists(Self.name))
  }

  /// The longest name that is allowed is read like any other.
  @Test func theLongestIsRead() throws {
    let stage = try Stage()
    let name = String(Self.name.prefix(1_024))
    stage.set(name, schedule("n"))
    #expect(try stage.run("show", name, "--json").json?["state"]?.text == "enabled")
    #expect(try stage.run("disable", name).exit == .status(0))
  }
}
