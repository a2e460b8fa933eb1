import ReactiveBeat
import Testing

@Suite struct BeatConfigurationTests {
  private func problem(_ change: (inout BeatConfiguration) -> Void) throws -> BeatError? {
    var configuration = try BeatConfiguration(store: "redis://localhost/1", broker: "redis://localhost/0")
    change(&configuration)
    do throws(BeatError) { _ = try BeatDaemon(configuration) } catch { return error }
    return nil
  }

  /// The error names the setting that is out of its range.
  @Test func namesWhatIsWrong() throws {
    #expect(try problem { _ in } == nil)
    let wrong: [(String, (inout BeatConfiguration) -> Void)] = [
      ("shortestInterval", { $0.shortestInterval = .milliseconds(9) }), ("maximumRate", { $0.maximumRate = 0 }),
      ("leaseTTL", { $0.leaseTTL = .zero }), ("leaseTTL", { $0.leaseTTL = .seconds(Int64.max) }),
      ("outboxLimit", { $0.outboxLimit = 0 }), ("historyLength", { $0.historyLength = -1 }),
      ("pollInterval", { $0.pollInterval = .milliseconds(999) }), ("auditInterval", { $0.auditInterval = .zero }),
      ("stopPatience", { $0.stopPatience = .seconds(-1) }), ("timezone", { $0.timezone = "Mars/Olympus" }),
      ("defaultQueue", { $0.defaultQueue = "_kombu.binding.celery" }),
    ]
    for (name, change) in wrong {
      let found = try problem(change)
      #expect(found?.kind == .configuration && found?.description.hasPrefix(name) == true, "\(name): \(found as Any)")
    }
  }

  /// The limits themselves are allowed, and so is nil or 0 where it switches something off.
  @Test func limits() throws {
    #expect(
      try problem {
        $0.shortestInterval = .milliseconds(10)
        $0.maximumRate = nil
        $0.leaseTTL = nil
        $0.auditInterval = nil
        $0.historyLength = 0
        $0.stopPatience = .zero
      } == nil)
  }

  /// A URL that cannot be used is refused in words without its password.
  @Test func wrongURLs() throws {
    for (store, broker, options, word) in [
      ("http://u:geheim@x", "redis://x", "{}", "store"), ("redis://x", "redis://u:geheim@x:port", "{}", "broker"),
      ("redis://x", "redis://x", "[", "transportOptions"),
    ] {
      #expect {
        try BeatConfiguration(store: store, broker: broker, transportOptions: options)
      } throws: { error in
        let text = "\(error)"
        return (error as? BeatError)?.kind == .configuration && text.hasPrefix(word) && !text.contains("geheim")
      }
    }
  }
}
