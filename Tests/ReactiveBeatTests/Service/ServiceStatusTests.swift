import Testing

@testable import BeatCore
@testable import BeatDriver
@testable import ReactiveBeat

/// The line about the daemon after each of its events.
@Suite struct ServiceStatusTests {
  private func ready(_ changeDetection: ChangeDetection = .keyspace) -> DaemonEvent {
    .ready(
      Readiness(kind: .first, schedules: 3, rejected: 0, changeDetection: changeDetection, delivery: .direct))
  }

  private func status(_ events: DaemonEvent...) -> ServiceStatus {
    var status = ServiceStatus(store: "redis://h/1")
    for event in events { _ = status.take(event) }
    return status
  }

  private func line(_ status: ServiceStatus, rejected: Int = 0) -> String {
    status.line(schedules: 3, rejected: rejected)
  }

  @Test func untilItIsReady() {
    #expect(line(status()) == "connecting to redis://h/1")
    #expect(line(status(.disconnected(reason: "refused"))) == "not connected: refused")
    let unable = status(.disconnected(reason: "refused"), .proof(.unable(reason: "EVAL is missing")))
    #expect(line(unable) == "connecting to redis://h/1; cannot fire: EVAL is missing")
    #expect(!unable.isReady)
  }

  @Test func roles() {
    #expect(line(status(ready())) == "ready, 3 schedules")
    #expect(line(status(ready(), .leading(token: "a"))) == "leading, 3 schedules")
    #expect(line(status(ready(), .standingBy(reason: "b")), rejected: 2) == "standing by, 3 schedules, 2 rejected")
    #expect(status(ready()).isReady)
  }

  @Test func afterALostConnection() {
    let lost = status(ready(), .leading(token: "a"), .standingBy(reason: "b"), .disconnected(reason: "refused"))
    #expect(line(lost) == "not connected: refused")
    #expect(lost.isReady)
    var back = lost
    _ = back.take(ready(.polling))
    #expect(line(back) == "standing by, 3 schedules; edits are looked for, not heard")
  }

  @Test func whatIsWrong() {
    let lost = status(
      ready(), .proof(.limited(reason: "no XADD")), .relay(.brokerLost(reason: "refused", waiting: 1)))
    #expect(line(lost) == "ready, 3 schedules; limited: no XADD; broker lost: refused")
    var mended = lost
    _ = mended.take(.proof(.able))
    _ = mended.take(.relay(.brokerBack(waiting: 1)))
    #expect(line(mended) == "ready, 3 schedules")
    _ = mended.take(.undeliverable(reason: "gone"))
    #expect(line(mended) == "ready, 3 schedules; broker lost: gone")
    _ = mended.take(.undeliverable(reason: nil))
    #expect(line(mended) == "ready, 3 schedules")
  }

  /// Edits before it is ready change no line, and neither does what runs.
  @Test func whatChangesNothing() {
    func changes(_ event: DaemonEvent, after events: DaemonEvent...) -> Bool {
      var status = ServiceStatus(store: "redis://h/1")
      for event in events { _ = status.take(event) }
      return status.take(event)
    }
    let removed = DaemonEvent.schedule(.removed(EntryName(Array("a".utf8))), document: nil)
    #expect(!changes(removed))
    #expect(changes(removed, after: ready()))
    let finished = Scheduler.Report.finished(EntryName(Array("a".utf8)), reason: "one_off")
    #expect(!changes(.schedule(finished, document: nil), after: ready()))
    #expect(!changes(.relay(.relayed(count: 1, duplicates: 0, waiting: 0)), after: ready()))
  }
}
