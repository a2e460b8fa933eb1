import Logging
import ReactiveBeat
import Testing

/// The daemon as a part of an application, by the library's public API.
@Suite struct BeatDaemonTests {
  private let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

  private func daemon(_ stage: Stage) throws -> BeatDaemon {
    try BeatDaemon(BeatConfiguration(stage), logger: quiet)
  }

  /// The daemon loads, fires what is due, hears an edit, and ends in order when it is stopped.
  @Test func livesAndStops() async throws {
    let stage = try Stage()
    stage.set("a", schedule("a", every: "0.5"))
    let daemon = try daemon(stage)
    var events = daemon.events.makeAsyncIterator()
    async let end: Void = daemon.run()
    func next(_ isWanted: (BeatEvent) -> Bool) async -> BeatEvent? {
      while let event = await events.next() { if isWanted(event) { return event } }
      return nil
    }
    #expect(await next { $0 == .ready(schedules: 1, rejected: 0) } != nil)
    guard case .fired(let run)? = await next({ if case .fired = $0 { true } else { false } }) else {
      Issue.record("it fired nothing")
      return
    }
    #expect(run.name == "a" && stage.messages().contains { $0.id == run.taskID })
    #expect(run.sent >= run.due && run.due > .seconds(1_700_000_000))

    stage.set("b", #"{"name": "b", "task": "t", "enabled": true, "interval": {"every": "x", "period": "seconds"}}"#)
    guard case .rejected("b", let reason)? = await next({ if case .rejected = $0 { true } else { false } }) else {
      Issue.record("it said nothing of the edit")
      return
    }
    #expect(reason.contains("interval.every"))
    daemon.stop()
    #expect(await next { $0 == .stopped } != nil)
    #expect(await events.next() == nil, "the stream ends with the daemon")
    try await end
    let sent = stage.messages().count
    await #expect(throws: BeatError.self) { try await daemon.run() }
    #expect(stage.messages().count == sent)
  }

  /// A cancelled task ends like one after `stop()`: the lease is given back, so that another daemon need not wait.
  @Test func isCancelled() async throws {
    let stage = try Stage()
    let daemon = try daemon(stage)
    let events = daemon.events
    let task = Task { try await daemon.run() }
    for await event in events where event == .leading { break }
    #expect(stage.store("EXISTS", "reactivebeat:tasks:meta:lease")?.integer == 1)
    task.cancel()
    try await task.value
    #expect(stage.store("EXISTS", "reactivebeat:tasks:meta:lease")?.integer == 0)
  }

  /// A daemon that has ended leaves no connection in its process, and the events of one that never ran end.
  @Test func leavesNothingBehind() async throws {
    let stage = try Stage()
    var unused: BeatDaemon? = try daemon(stage)
    let events = try #require(unused).events
    unused = nil
    for await _ in events { Issue.record("it tells of something") }

    let daemon = try daemon(stage)
    let leading = daemon.events
    async let end: Void = daemon.run()
    for await event in leading where event == .leading { break }
    daemon.stop()
    try await end
    #expect(eventually { stage.store("CLIENT", "LIST")?.text?.contains("name=beat-watch") == false })
  }

  /// A stop at any other moment leaves nothing open either, such as one in the middle of a load or of a rehearsal.
  @Test(arguments: [1, 2]) func isStoppedAtAnyMoment(servers: Int) async throws {
    let stage = try Stage()
    let other = try servers == 1 ? stage : Stage()
    await #expect(processExitsWith: .success) { [store = stage.url(1) as String, broker = other.url(0) as String] in
      var before = 0
      for round in 0..<160 {
        if round == 10 { before = openDescriptors() }
        let daemon = try BeatDaemon(
          BeatConfiguration(store: store, broker: broker),
          logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        async let end: Void = daemon.run()
        try await Task.sleep(for: .microseconds(round % 30 * 1000))
        daemon.stop()
        try await end
      }
      #expect(openDescriptors() < before + 4)
    }
    // The stage's own two connections remain.
    #expect(eventually { stage.store("CLIENT", "LIST")?.text?.split(separator: "\n").count == 2 })
  }

  /// Without descriptors the daemon throws what to do, or waits for them, however many are left. The process goes on.
  @Test(arguments: ["redis://127.0.0.1:1/1", "redis://localhost:1/1"])
  func hasNoDescriptors(url: String) async {
    await #expect(processExitsWith: .success) { [url] in
      let descriptors = try ScarceDescriptors()
      for spare in 0..<16 {
        let daemon = try BeatDaemon(
          BeatConfiguration(store: url, broker: url), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let events = daemon.events
        descriptors.leave(spare)
        if spare == 0 {
          var configuration = try BeatConfiguration(store: url, broker: url)
          configuration.timezone = "Europe/Berlin"
          let error = #expect(throws: BeatError.self) { try ScheduleClient(configuration) }
          #expect(error?.description.contains("ulimit -n") == true, "\(error as Any)")
        }
        async let end: Void = daemon.run()
        for await event in events { if case .disconnected = event { break } }
        daemon.stop()
        do {
          try await end
        } catch let error as BeatError {
          descriptors.leave(16)
          #expect(error.kind == .refused && error.description.contains("ulimit -n"), "\(error)")
        }
        descriptors.leave(16)
      }
    }
  }

  /// A daemon that is stopped before it runs ends at once.
  @Test func isStoppedBefore() async throws {
    let daemon = try BeatDaemon(
      BeatConfiguration(store: "redis://127.0.0.1:1/1", broker: "redis://127.0.0.1:1/0"), logger: quiet)
    daemon.stop()
    daemon.stop()
    try await daemon.run()
  }

  /// The daemon goes on while its server is away, and can be stopped from any thread.
  @Test func waitsForAServer() async throws {
    let daemon = try BeatDaemon(
      BeatConfiguration(store: "redis://127.0.0.1:1/1", broker: "redis://127.0.0.1:1/0"), logger: quiet)
    let events = daemon.events
    async let end: Void = daemon.run()
    for await event in events {
      if case .disconnected(let reason) = event {
        #expect(reason.contains("127.0.0.1:1"))
        break
      }
    }
    daemon.stop()
    try await end
  }

  /// The daemon also waits for a database that the server does not have or that the user may not select, since an
  /// operator can correct both on the server.
  @Test func waitsForADatabase() async throws {
    let stage = try Stage(["--databases", "4"])
    let daemon = try BeatDaemon(BeatConfiguration(store: stage.url(9), broker: stage.url(0)), logger: quiet)
    let events = daemon.events
    async let end: Void = daemon.run()
    for await event in events {
      if case .disconnected(let reason) = event {
        #expect(reason.contains("database 9"))
        break
      }
    }
    daemon.stop()
    try await end
  }

  /// A set-up that only a user can correct ends the daemon, with the reason.
  @Test func needsAnotherSetUp() async throws {
    let server = try RedisServer(["--cluster-enabled", "yes", "--cluster-port", "\(RedisServer.freePort())"])
    let stage = try Stage(on: server, store: 0, broker: 0)
    let daemon = try daemon(stage)
    let events = daemon.events
    await #expect { try await daemon.run() } throws: { ($0 as? BeatError)?.kind == .configuration }
    for await event in events { #expect(event != .stopped, "it has failed, and was not stopped") }
  }

  /// Two daemons in one process: the one that ends does not disturb the other.
  @Test func twoOfThem() async throws {
    let stage = try Stage()
    stage.set("a", schedule("a", every: "0.5"))
    let (first, second) = (try daemon(stage), try daemon(stage))
    let events = second.events
    async let firstEnd: Void = first.run()
    async let secondEnd: Void = second.run()
    for await event in events {
      if case .leading = event { break }
      if case .standingBy = event { break }
    }
    first.stop()
    try await firstEnd
    let sent = stage.messages().count
    #expect(eventually { stage.messages().count > sent + 1 })
    second.stop()
    try await secondEnd
    let ids = stage.messages().map(\.id)
    #expect(Set(ids).count == ids.count)
  }
}

extension BeatConfiguration {
  init(_ stage: Stage) throws {
    try self.init(store: stage.url(stage.storeDatabase), broker: stage.url(stage.brokerDatabase))
    keyPrefix = stage.prefix
  }
}
