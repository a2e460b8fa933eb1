import Testing

@testable import BeatCore
@testable import BeatDriver
@testable import ReactiveBeat

@Suite struct HealthWordsTests {
  private func lines(_ health: DaemonHealth) -> [String] { health.lines(store: "redis://h/1", broker: "amqp://r") }

  @Test func theVerdictComesFirst() {
    #expect(lines(DaemonHealth(.leading)) == ["ready: this daemon leads"])
    #expect(lines(DaemonHealth(.standingBy)) == ["ready: this daemon stands by"])
    #expect(lines(DaemonHealth(.standingBy, [.stopping])).first == "not ready")
  }

  /// Each reason is a sentence of its own, which says what to do.
  @Test func eachReasonIsASentence() {
    let obstacles: [DaemonHealth.Obstacle] = [
      .stopping, .disconnected(reason: nil), .disconnected(reason: "refused"), .loading, .unanswered,
      .silent(3_200_000),
      .unproven, .unable(reason: "NOPERM: grant +evalsha"),
    ]
    let lines = lines(DaemonHealth(.standingBy, obstacles))
    #expect(Set(lines).count == obstacles.count + 1)
    for line in lines.dropFirst() { #expect(line.contains(": "), "\(line)") }
    #expect(lines[3].contains("redis://h/1") && lines[3].contains("refused"))
    #expect(lines[6].contains("3200 ms") && lines[8].hasSuffix("NOPERM: grant +evalsha"))
  }

  @Test func whatIsNoReasonIsSaidToo() {
    func remark(_ remark: DaemonHealth.Remark) -> String { lines(DaemonHealth(.leading, [], [remark])).last ?? "" }
    #expect(
      remark(.brokerLost(reason: "down", waiting: 1))
        == "the broker amqp://r takes no messages: down; 1 message waits in the outbox; see to the broker")
    #expect(remark(.brokerLost(reason: "down", waiting: 2)).contains("2 messages wait in the outbox"))
    #expect(remark(.brokerLost(reason: "down", waiting: nil)).contains("; messages wait in the outbox"))
    #expect(remark(.undeliverable(reason: "down")).contains("amqp://r"))
    #expect(remark(.limited(reason: "no history")).hasSuffix("no history"))
    #expect(remark(.deferred(reason: "no queue")).hasSuffix("no queue"))
    let refused = FiringReport.Obstacle(reason: "OOM", since: Sample.noon, count: 1)
    #expect(remark(.refused(refused)) == "the store refuses fires of 1 schedule, which are tried again: OOM")
    #expect(lines(DaemonHealth(.leading, [], [.limited(reason: "")])).first == "ready: this daemon leads")
  }
}
