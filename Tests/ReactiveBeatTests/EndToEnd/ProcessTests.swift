import Glibc
import Testing

@testable import BeatCore
@testable import ReactiveBeat

/// A daemon as a process among others: the file with its id, and the process that it belongs to.
@Suite struct ProcessTests {
  private let stage: Stage
  private let path = "/tmp/reactivebeat-test-\(getpid())-\(UInt64.random(in: 0 ... .max)).pid"

  init() throws { stage = try Stage() }

  private func content() -> String? {
    guard let file = fopen(path, "r") else { return nil }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 64)
    return String(decoding: bytes[..<fread(&bytes, 1, bytes.count, file)], as: UTF8.self)
  }

  private func write(_ text: String) throws {
    let file = try #require(fopen(path, "w"))
    fputs(text, file)
    fclose(file)
  }

  @Test func aPidfileIsThereWhileTheDaemonRuns() throws {
    defer { unlink(path) }
    // A killed process has left it.
    try write("99999999\n")
    let daemon = try stage.daemon(["BEAT_WATCH_PIDFILE": path])
    #expect(content() == "\(daemon.pid)\n")
    try daemon.stop()
    #expect(content() == nil)
  }

  @Test func aPidfileOfALivingProcessIsRespected() throws {
    defer { unlink(path) }
    try write("\(getpid())\n")
    let run = try stage.run("run", "--pidfile", path)
    #expect(run.exit == .status(73))
    #expect(run.text.contains("process \(getpid()) runs"))
    #expect(content() == "\(getpid())\n")
  }

  @Test func aPidfileThatAnotherProcessHasWrittenSinceStays() throws {
    defer { unlink(path) }
    let daemon = try stage.daemon(["BEAT_WATCH_PIDFILE": path])
    try write("1\n")
    try daemon.stop()
    #expect(content() == "1\n")
  }

  /// A shell starts the daemon, and is killed.
  @Test func aDaemonEndsWithTheProcessThatItBelongsTo() throws {
    let daemon = try stage.launchWrapped(
      [:], ["/bin/sh", "-c", #"BEAT_WATCH_PARENT=$$ "$0" "$@" & wait"#])
    try daemon.wait(for: "ready")
    #expect(eventually { (stage.store("HLEN", "reactivebeat:tasks:meta:daemons")?.integer ?? 0) == 1 })
    try daemon.kill()
    // The daemon gives its lease back, so it has ended in order.
    #expect(eventually { stage.store("EXISTS", "reactivebeat:tasks:meta:lease")?.integer == 0 })
    #expect(eventually { stage.store("HLEN", "reactivebeat:tasks:meta:daemons")?.integer == 0 })
  }

  @Test func aDaemonWhoseProcessIsGoneDoesNotBegin() throws {
    let run = try stage.run("run", environment: ["BEAT_WATCH_PARENT": "1"])
    #expect(run.exit == .status(0))
    #expect(run.lines == [])
  }

  @Test func aParentIsTheIdOfAProcess() throws {
    let run = try stage.run("run", environment: ["BEAT_WATCH_PARENT": "me"])
    #expect(run.exit == .status(64))
    #expect(run.text.contains("BEAT_WATCH_PARENT: expected the id of a process"))
  }
}
