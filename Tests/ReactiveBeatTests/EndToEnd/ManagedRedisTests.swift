import Testing

@testable import BeatCore
@testable import ReactiveBeat

/// Redis as providers offer it, by proxies that refuse what the documentation of each says: `Tests/Servers/providers.tsv`.
@Suite struct ManagedRedisTests {
  /// A provider, and whether its user has switched notifications on there.
  struct Place: CustomTestStringConvertible, Sendable {
    let provider: ManagedRedis
    let isSwitchedOn: Bool

    var testDescription: String { "\(provider.name), notifications \(isSwitchedOn ? "on" : "off")" }
    var store: Int { provider.hasOneDatabase ? 0 : 1 }
    /// How the daemon must hear of edits there.
    var events: String {
      if isSwitchedOn || provider.notifications == .client { return "keyspace" }
      return provider.hasTracking ? "tracking" : "polling"
    }

    static let all = ((try? ManagedRedis.all()) ?? []).flatMap { provider in
      [false, true].filter { !$0 || provider.notifications == .operator }.map {
        Place(provider: provider, isSwitchedOn: $0)
      }
    }
  }

  private func begin(_ place: Place) throws -> (Stage, FaultProxy) {
    let stage = try Stage(place.provider.server(isSwitchedOn: place.isSwitchedOn), store: place.store)
    return (stage, try FaultProxy(to: stage.server, provider: place.provider))
  }

  private func environment(_ place: Place, _ proxy: FaultProxy) -> [String: String] {
    proxy.environment(store: place.store).merging(["BEAT_WATCH_POLL_INTERVAL": "1", "BEAT_WATCH_LEASE_TTL": "1"]) { $1 }
  }

  @Test func theFileNamesProviders() throws {
    #expect(try ManagedRedis.all().map(\.name).contains("gcp-memorystore"))
    #expect(Place.all.count > 8)
  }

  /// It starts, hears an edit, and fires each occurrence once, though all connections end now and then. What it says of
  /// the way in which it hears, and what `doctor` says, is about the provider's settings.
  @Test(arguments: Place.all) func firesAndHears(_ place: Place) throws {
    let (stage, proxy) = try begin(place)
    proxy.limit = place.provider.connections
    let daemon = try stage.daemon(environment(place, proxy))
    #expect(daemon.logged("ready").first?["events"] == place.events)
    try daemon.wait(for: "leading")
    stage.set("a", schedule("a", every: "0.1", #", "catchup": "all""#))
    stage.set("b", schedule("b"))
    #expect(stage.fires(["a"], 3))
    for _ in 0..<2 {
      proxy.cut()
      try daemon.wait(for: "reconnected")
      #expect(stage.fires(["a"], 2))
    }
    stage.set("b", schedule("b", every: "7200"))
    try daemon.wait(for: "changed", key: stage.key("b"), within: 10)
    if place.events == "polling" {
      let polling = try daemon.wait(for: "polling")
      #expect(polling.level == "error" && polling.description.contains("parameter group"), "\(polling)")
    }
    let told = try CommandRun(["doctor"], environment: environment(place, proxy)).text
    #expect((place.events == "keyspace") == told.contains("ok       notifications"), "\(told)")
    #expect(place.events == "keyspace" || told.contains("parameter group"), "\(told)")
    // A proxy that does not have a command is nothing to mend in the rights of a user.
    #expect(!told.contains("problem  rights"), "\(told)")
    #expect(try daemon.stop() == .status(0))
    stage.store("DEL", stage.key("b"))
    try stage.expectEachOnce(["a"], every: 100_000)
    #expect(daemon.otherLines.isEmpty)
  }

  /// Connections that a provider closes when they carry nothing are never so quiet.
  @Test(arguments: Place.all.filter { $0.provider.idle(scale: 1) == 20 })
  func idleConnectionsStayOpen(_ place: Place) throws {
    let (stage, proxy) = try begin(place)
    // Twenty seconds become three.
    proxy.idle = place.provider.idle(scale: 150).map { Int64($0) }
    stage.set("a", schedule("a", every: "7"))
    var environment = environment(place, proxy)
    environment["BEAT_WATCH_LEASE_TTL"] = nil
    let daemon = try stage.daemon(environment)
    try daemon.wait(for: "fired", key: stage.key("a"))
    #expect(daemon.logged("disconnected").isEmpty)
  }

  /// A failover at the provider: for a while the server answers everything with an error, and it has lost the scripts.
  @Test(arguments: [
    "READONLY You can't write against a read only replica.", "LOADING Redis is loading the dataset in memory",
    "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
  ])
  func aMomentWithoutWrites(_ error: String) throws {
    let place = Place(provider: try ManagedRedis.named("aws-elasticache"), isSwitchedOn: true)
    let (stage, proxy) = try begin(place)
    stage.set("a", schedule("a", every: "0.1", #", "catchup": "all""#))
    let daemon = try stage.daemon(environment(place, proxy))
    #expect(stage.fires(["a"], 3))
    proxy.state = error
    try daemon.wait(for: "disconnected") { $0.reason.contains(error.prefix { $0 != " " }) }
    try daemon.wait(for: "disconnected")
    stage.store("SCRIPT", "FLUSH")
    proxy.state = nil
    try daemon.wait(for: "reconnected")
    #expect(stage.fires(["a"], 3))
    #expect(try daemon.stop() == .status(0))
    try stage.expectEachOnce(["a"], every: 100_000)
  }

  /// Two connections are enough. Where there is not even room for them, the daemon says so and goes on later.
  @Test func fewConnections() throws {
    let place = Place(provider: try ManagedRedis.named("azure-cache"), isSwitchedOn: true)
    let (stage, proxy) = try begin(place)
    proxy.limit = 1
    let daemon = try stage.launch(environment(place, proxy))
    try daemon.wait(for: "disconnected") {
      $0.reason.contains("max number of clients") && $0.reason.contains("maxclients")
    }
    proxy.limit = 2
    stage.set("a", schedule("a", atOnce))
    try daemon.wait(for: "fired", key: stage.key("a"))
    #expect(daemon.logged("ready").first?["events"] == "keyspace")
  }

  /// Where there is one database, another one in the URL is refused with a sentence that helps, by whatever way it shows.
  @Test(arguments: ["upstash", "redis-cloud", "bare"]) func anotherDatabase(_ name: String) throws {
    let (stage, proxy) = try begin(Place(provider: ManagedRedis.named(name), isSwitchedOn: false))
    let daemon = try stage.launch(proxy.environment(store: 1))
    #expect(eventually { daemon.output.contains("database 0") }, "\(daemon.output)")
    if name == "redis-cloud" { try daemon.wait(for: "unable") { $0.reason.contains("give database 0 in both URLs") } }
    let told = try CommandRun(["doctor"], environment: proxy.environment(store: 1)).text
    #expect(told.contains("database 0"), "\(told)")
    #expect((name == "redis-cloud") == told.contains("problem  databases"), "\(told)")
  }

  /// The broker's connection, which carries nothing between two messages, may be closed at any time.
  @Test func aBrokersIdleConnection() throws {
    let servers = try TwoServers()
    let proxy = try FaultProxy(to: servers.broker.server)
    proxy.idle = 1000
    let daemon = try servers.daemon(["CELERY_BROKER_URL": "redis+socket://\(proxy.path)?virtual_host=0"])
    servers.store.set("a", schedule("a", every: "2", #", "catchup": "all""#))
    #expect(servers.store.fires(["a"], 3, within: 20))
    servers.store.store("DEL", servers.store.key("a"))
    #expect(eventually { servers.isDrained() }, "\(daemon.output)")
    #expect(servers.ids() == servers.fired("a", every: 2_000_000))
    #expect(daemon.logged("disconnected").isEmpty)
  }
}
