import Testing

@testable import BeatCore
@testable import BeatDriver

@Suite struct DaemonHealthTests {
  private let stage = DaemonStage()

  private var health: DaemonHealth { stage.daemon?.health ?? DaemonHealth(.standingBy, [.stopping]) }

  @Test func aDaemonIsReadyWhenItHasAnnouncedItself() throws {
    stage.store.set(EntryName("a"), Array(Sample.document().utf8))
    try stage.start()
    #expect(health.obstacles == [.disconnected(reason: nil)])
    stage.run(seconds: 5)
    #expect(health == DaemonHealth(.leading))
    stage.cut()
    #expect(health == DaemonHealth(.standingBy, [.disconnected(reason: "died")]))
    stage.run(seconds: 5)
    #expect(health == DaemonHealth(.leading))
    stage.stop()
    #expect(health.obstacles == [.stopping])
  }

  @Test func oneThatStandsByAbleIsReady() throws {
    stage.store.offerLease(of: "another:1", until: stage.surroundings.now.advanced(by: 300_000_000))
    try stage.start()
    stage.run(seconds: 1)
    #expect(health.role == .standingBy || health.role == .leading)
    #expect(health.isReady)
  }

  /// Nothing fires while all is read again.
  @Test func oneThatReadsAllAgainIsNot() throws {
    try stage.start()
    stage.run(seconds: 5)
    stage.surroundings.turn(at: stage.surroundings.now) { stage.daemon?.session?.loadAll(isReload: true) }
    #expect(health.obstacles == [.loading])
    stage.run(seconds: 5)
    #expect(health.isReady)
  }

  @Test func oneThatLacksARightSaysSo() throws {
    stage.store.forbid("me", [.fire])
    try stage.start()
    stage.run(seconds: 5)
    guard case .unable? = health.obstacles.first else {
      Issue.record("\(health)")
      return
    }
    #expect(health.obstacles.count == 1)
  }

  @Test func oneWhoseStoreIsSilentSaysSince() throws {
    try stage.start()
    stage.run(seconds: 5)
    // Time goes by in which no answer comes.
    let end = stage.surroundings.now.advanced(by: 5_000_000)
    while let wake = stage.surroundings.nextWake, wake < end {
      stage.surroundings.turn(at: max(wake, stage.surroundings.now)) {
        stage.surroundings.due(at: stage.surroundings.now)?.goOff()
      }
      if case .silent? = health.obstacles.first { break }
    }
    guard case .silent(let time)? = health.obstacles.first else {
      Issue.record("\(health)")
      return
    }
    #expect(time > 3_000_000)
  }

  @Test func aBrokerThatIsGoneIsARemark() throws {
    stage.store.set(EntryName("a"), Array(Sample.document().utf8))
    try stage.start()
    stage.run(seconds: 5)
    stage.surroundings.turn(at: stage.surroundings.now) { stage.publisher.blocking = "out of memory" }
    stage.run(seconds: 25)
    #expect(health.isReady && health.role == .leading)
    #expect(health.remarks == [.brokerLost(reason: "out of memory", waiting: stage.store.contents.outbox.count)])
    #expect(stage.store.contents.outbox.count >= 2)
  }
}
