import Testing

@testable import ReactiveBeat

/// Sentinels and servers that speak TLS only, ask for a client certificate, and have different users.
@Suite struct SentinelTLSTests {
  private func environment(_ stage: SentinelStage, _ security: TLSSentinels) -> [String: String] {
    [
      "CELERY_REDIS_SCHEDULER_URL": stage.url(1, security.options, user: security.login),
      "CELERY_BROKER_URL": stage.url(0, security.options, user: security.login),
    ]
  }

  /// Everything is replaced while the daemon runs, its own certificate and the trusted authority included: after the
  /// failover nothing of the first files is of use any more.
  @Test func failoverAndRenewal() throws {
    let security = try TLSSentinels()
    let sentinels = try SentinelStage(security: security)
    let before = try Stage(on: sentinels.primary)
    let daemon = try before.daemon(environment(sentinels, security))
    before.set("a", schedule("a", atOnce))
    try daemon.wait(for: "fired", key: before.key("a"))
    #expect(before.store("WAIT", "1", "5000")?.integer == 1)

    func renew() throws {
      for server in [sentinels.primary, sentinels.replica] { try security.reload(server) }
      for index in sentinels.ports.indices {
        sentinels.killSentinel(index)
        try sentinels.startSentinel(index)
      }
      try sentinels.awaitSentinels()
    }
    try security.changeAuthority()
    try renew()
    try security.issue(.servers)
    try security.issue(.sentinels)
    try security.issue(.daemon, names: "DNS:beat")
    try renew()
    try security.forgetOldAuthority()
    try renew()

    try sentinels.failOver()
    try daemon.wait(for: "reconnected", within: 30)
    let after = try Stage(on: sentinels.replica)
    after.set("b", schedule("b", atOnce))
    try daemon.wait(for: "fired", key: after.key("b"))
    #expect(after.messages().count == 2)
    let primaries = daemon.logged("primary").compactMap { $0["address"] }
    #expect(primaries.first == "127.0.0.1:\(sentinels.serverPorts[0])")
    #expect(primaries.last == "127.0.0.1:\(sentinels.serverPorts[1])")
    #expect(!daemon.output.contains("hunter2"))
    #expect(try daemon.stop() == .status(0))
  }

  /// The certificates of the servers must hold what the sentinels name: here it is an address. Each refusal says what
  /// would help, and the daemon goes on when that was done.
  @Test func refusals() throws {
    let security = try TLSSentinels(names: "DNS:localhost")
    let sentinels = try SentinelStage(security: security)
    let stage = try Stage(on: sentinels.primary)
    let daemon = try stage.launch(environment(sentinels, security))
    let name = try daemon.wait(for: "disconnected").reason
    #expect(name.contains("no TLS connection to 127.0.0.1:\(sentinels.serverPorts[0])"), "\(name)")
    #expect(
      name.contains("not for the address 127.0.0.1") && name.contains("sentinel announce-hostnames yes"), "\(name)")
    #expect(!name.contains("into the URL"), "\(name)")
    #expect(!name.contains("sentinels reachable"), "\(name)")
    try security.issue(.servers)
    for server in [sentinels.primary, sentinels.replica] { try security.reload(server) }
    try daemon.wait(for: "ready")
    #expect(try daemon.stop() == .status(0))

    try security.issue(.sentinels, days: -1)
    for index in sentinels.ports.indices {
      sentinels.killSentinel(index)
      try sentinels.startSentinel(index)
    }
    let next = try stage.launch(environment(sentinels, security))
    try next.wait(for: "disconnected") { line in
      sentinels.ports.allSatisfy { line.reason.contains("127.0.0.1:\($0): its certificate, or that of") }
        && line.reason.contains("has expired")
    }
    try security.issue(.sentinels)
    sentinels.killSentinel(1)
    try sentinels.startSentinel(1)
    try next.wait(for: "ready")

    // A daemon that shows no certificate, and one with a wrong password for the sentinels.
    let bare = security.options.prefix { $0 != "&" } + "&sentinel_username=ask&sentinel_password=ask-hunter3"
    let known = security.options.split(separator: "&").filter { $0.hasPrefix("ssl_") }
    let without = try stage.launch(
      ["CELERY_REDIS_SCHEDULER_URL": sentinels.url(1, bare + "&" + known[0], user: security.login)])
    try without.wait(for: "disconnected") { $0.reason.contains("ssl_certfile") }
    let wrong = try stage.launch(
      [
        "CELERY_REDIS_SCHEDULER_URL": sentinels.url(
          1, ([bare] + known).joined(separator: "&"), user: security.login)
      ])
    let reason = try wrong.wait(for: "disconnected") { $0.reason.contains("password is wrong") }.reason
    #expect(!reason.contains("hunter"))
  }

  /// The certificates hold a name, and the sentinels name the servers by it.
  @Test func hostNames() throws {
    let security = try TLSSentinels(names: "DNS:localhost")
    let sentinels = try SentinelStage(security: security, host: "localhost")
    let stage = try Stage(on: sentinels.primary)
    let daemon = try stage.daemon(environment(sentinels, security))
    #expect(daemon.logged("primary").first?["address"] == "localhost:\(sentinels.serverPorts[0])")
    stage.set("a", schedule("a", atOnce))
    try daemon.wait(for: "fired", key: stage.key("a"))
    try sentinels.failOver()
    try daemon.wait(for: "reconnected", within: 30)
    #expect(daemon.logged("primary").last?["address"] == "localhost:\(sentinels.serverPorts[1])")
  }
}
