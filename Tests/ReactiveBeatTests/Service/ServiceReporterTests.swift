import Glibc
import Logging
import Testing

@testable import BeatCore
@testable import BeatDriver
@testable import ReactiveBeat

/// When the service manager is told.
@Suite struct ServiceReporterTests {
  private let listener: NotifyListener

  init() throws { listener = try NotifyListener() }

  private func reporter(_ loop: EventLoop, watchdog: Int64? = nil) throws -> ServiceReporter {
    let manager = ServiceManager(
      socket: listener.address, watchdog: watchdog.map { "\($0)" }, watched: nil, processID: getpid())
    return try ServiceReporter(
      try #require(manager), store: "redis://h/1", logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
      on: loop)
  }

  private let ready = DaemonEvent.ready(
    Readiness(kind: .first, schedules: 0, rejected: 0, changeDetection: .keyspace, delivery: .direct))

  /// A loop that is kept from its work does not say that it is alive; one that goes on does so again.
  @Test func watchdog() throws {
    try onLoop { loop in
      let reporter = try reporter(loop, watchdog: 20_000)
      let end = LoopTimer(on: loop) {
        #expect(listener.read().contains("WATCHDOG=1"))
        loop.stop()
      }
      let stuck = LoopTimer(on: loop) {
        #expect(listener.read().contains("WATCHDOG=1"))
        usleep(300_000)
        #expect(listener.read().isEmpty)
        end.schedule(after: 100_000)
      }
      stuck.schedule(after: 100_000)
      return (reporter, stuck, end)
    }
  }

  @Test func withoutAWatchdogNothingIsSaid() throws {
    try onLoop { loop in
      let reporter = try reporter(loop)
      let end = LoopTimer(on: loop) { loop.stop() }
      end.schedule(after: 50_000)
      return (reporter, end)
    }
    #expect(listener.read().isEmpty)
  }

  /// Many edits are one line at once and one a second later, which has the last count.
  @Test func editsAreFolded() throws {
    var schedules = 0
    try onLoop { loop in
      let reporter = try reporter(loop)
      reporter.count = { (schedules, 0) }
      reporter.report(ready)
      for number in 1...1000 {
        schedules = number
        reporter.report(.schedule(.loaded(EntryName(Array("a".utf8)), next: nil, initially: false), document: nil))
      }
      #expect(listener.read() == ["READY=1\nSTATUS=ready, 0 schedules"])
      let end = LoopTimer(on: loop) { loop.stop() }
      end.schedule(after: 1_100_000)
      return (reporter, end)
    }
    #expect(listener.read() == ["READY=1\nSTATUS=ready, 1000 schedules"])
  }

  /// A manager that had no room is told again.
  @Test func readinessIsNotLost() throws {
    let flood = try NotifySocket(listener.address)
    while flood.send("x") == .sent {}
    try onLoop { loop in
      let reporter = try reporter(loop)
      reporter.report(ready)
      listener.read()
      let end = LoopTimer(on: loop) { loop.stop() }
      end.schedule(after: 1_100_000)
      return (reporter, end)
    }
    #expect(listener.read() == ["READY=1\nSTATUS=ready, 0 schedules"])
  }

  /// A reload is one of a daemon that was ready, and ends with `READY=1` even if nothing has changed.
  @Test func reload() throws {
    try onLoop { loop in
      let reporter = try reporter(loop)
      reporter.reload()
      #expect(listener.read().isEmpty)
      reporter.report(ready)
      listener.read()
      let before = MonotonicTime.now().nanoseconds / 1000
      reporter.reload()
      reporter.report(.reloaded(schedules: 0))
      let said = listener.read()
      try #require(said.count == 2)
      let time = Int64(said[0].replacing("RELOADING=1\nMONOTONIC_USEC=", with: ""))
      #expect((before...(MonotonicTime.now().nanoseconds / 1000)).contains(try #require(time)))
      #expect(said[1] == "READY=1\nSTATUS=ready, 0 schedules")
      loop.stop()
      return reporter
    }
  }

  /// What a server says is one line, of bounded length, and nothing else to the manager.
  @Test func reasonsOfOthers() throws {
    try onLoop { loop in
      let reporter = try reporter(loop)
      reporter.report(.disconnected(reason: "a\nREADY=1\n" + String(repeating: "x", count: 10_000)))
      reporter.stop("b\nREADY=1")
      reporter.report(ready)
      let said = listener.read()
      try #require(said.count == 2)
      #expect(said[0].hasPrefix("STATUS=not connected: a\\u{a}READY=1"))
      #expect(said[0].utf8.count < 1200 && !said[0].contains("\n"))
      #expect(said[1] == "STOPPING=1\nSTATUS=b\\u{a}READY=1")
      loop.stop()
      return reporter
    }
  }
}
