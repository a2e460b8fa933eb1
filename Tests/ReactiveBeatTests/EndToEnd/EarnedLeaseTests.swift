import Testing

@testable import BeatCore
@testable import ReactiveBeat

/// The lease is earned: who cannot load, fire or deliver does not keep one who can from it.
@Suite struct EarnedLeaseTests {
  private static let leaseKey = "reactivebeat:tasks:meta:lease"

  /// A daemon as `bad`, and as soon as it has had its chance one as `good`.
  private func pair(_ stage: Stage) throws -> (bad: Daemon, good: Daemon) {
    let bad = try stage.launch(user: "bad:secret@")
    _ = eventually(within: 1) { !bad.logged("ready").isEmpty || !bad.logged("disconnected").isEmpty }
    return (bad, try stage.daemon(user: "good:secret@"))
  }

  private func stage(_ rules: [String], _ arguments: [String] = []) throws -> Stage {
    let stage = try Stage(arguments)
    for (user, more) in [("good", []), ("bad", rules)] {
      let words = ["ACL", "SETUSER", user, "reset", "on", ">secret", "~*", "&*", "+@all"] + more
      #expect(stage.store.call(words.map { Array($0.utf8) })?.isOK == true)
    }
    stage.set("a", schedule("a", every: "0.2"))
    stage.set("b", schedule("b", every: "0.2", #", "exchange": "topics", "routing_key": "key""#))
    stage.broker("SADD", "_kombu.binding.topics", "key\u{06}\u{16}\u{06}\u{16}celery.topics")
    return stage
  }

  static let commands = Set(CommandUse.all(of: .daemon, at: .store, .queues).map(\.name)).sorted()

  /// Whatever single command the first daemon may not use: within two lease times an able one fires.
  @Test(arguments: commands) func without(_ command: String) throws {
    let rule = "-" + command.lowercased().replacing(" ", with: "|")
    let stage = try stage([rule])
    let (bad, good) = try pair(stage)
    let start = MonotonicTime.now()
    func fires(_ more: Int) -> Bool {
      let before = [stage.messages().count, stage.messages("celery.topics").count]
      return eventually(within: 20) {
        stage.messages().count >= before[0] + more && stage.messages("celery.topics").count >= before[1] + more
      }
    }
    #expect(fires(1), "\(rule): nothing fires\n\(bad.output)")
    // Two lease times.
    #expect(MonotonicTime.now().microseconds(since: start) < 10_000_000, "\(rule)")
    #expect(fires(5), "\(rule): it does not go on")
    for name in ["a", "b"] {
      let messages = stage.messages(name == "a" ? "celery" : "celery.topics")
      #expect(Set(messages.map(\.id)).count == messages.count, "\(rule): twice")
    }
    try good.stop()
    bad.send(9)
  }
}
