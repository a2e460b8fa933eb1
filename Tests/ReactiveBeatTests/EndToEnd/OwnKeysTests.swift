import Glibc
import Testing

@testable import BeatCore
@testable import ReactiveBeat

/// Other clients write into the daemon's own keys, or make names that are too long: the daemon does not spin, the log
/// names the key, and other schedules fire.
@Suite struct OwnKeysTests {
  private let stage: Stage
  private static let base = "reactivebeat:tasks:meta:"

  init() throws {
    stage = try Stage()
    stage.set("victim", schedule("victim", every: "0.1", #", "catchup": "all""#))
    stage.set("a", schedule("a"))
  }

  /// The number of scripts that the server has run.
  private func scripts() -> Int {
    let text = stage.store("INFO", "commandstats")?.text ?? ""
    return text.split(separator: "\r\n").filter { $0.hasPrefix("cmdstat_evalsha:") || $0.hasPrefix("cmdstat_eval:") }
      .compactMap { Int($0.split(separator: "=")[1].prefix { $0.isNumber }) }.reduce(0, +)
  }

  private func pass(_ seconds: Int64) {
    let start = MonotonicTime.now()
    _ = eventually(within: seconds + 1) { MonotonicTime.now().microseconds(since: start) > seconds * 1_000_000 }
  }

  /// Sets a field of a hash to a value of `count` bytes.
  private func put(_ key: String, _ field: [UInt8], _ count: Int) {
    stage.store.call(
      [Array("HSET".utf8), Array((Self.base + key).utf8), field, [UInt8](repeating: 0x78, count: count)])
  }

  /// A watermark is overwritten before each fire by a value that sorts after every due time. The schedule goes on when
  /// that ends, and the daemon does not spin until then.
  @Test func aWatermarkThatIsDamagedAgainAndAgain() throws {
    let daemon = try stage.daemon()
    #expect(stage.fires(["victim"], 2))
    let before = scripts()
    for number in 0..<40 {
      stage.store("HSET", stage.watermarkKey, "victim", "zzz\(number)")
      usleep(100_000)
    }
    #expect(scripts() - before < 1000)
    try daemon.wait(for: "damaged", key: stage.key("victim"))
    #expect(stage.fires(["victim"], 5, within: 30), "\(daemon.output)")
    try daemon.stop()
    #expect(Set(stage.messages().map(\.id)).count == stage.messages().count, "nothing twice")
  }

  /// A watermark of 20 MB, some in the form of a newer version's: it is not remembered, not written back, and replaced.
  @Test(arguments: ["x", "00001772452800000000||7|12345678|"]) func aWatermarkOfManyBytes(_ start: String) throws {
    stage.store("HSET", stage.watermarkKey, "a", start + String(repeating: "x", count: 20_000_000))
    let daemon = try stage.daemon()
    try daemon.wait(for: "damaged", key: stage.key("a"))
    #expect(eventually { stage.store("HSTRLEN", stage.watermarkKey, "a")?.integer ?? 0 < 100 })
    #expect(stage.fires(["victim"], 3))
    #expect(try daemon.peakMemory() < 64 << 20)
    try daemon.stop()
  }

  /// The daemon's hashes each have a value and a name that no reply can hold: a script takes them out on the server.
  @Test(arguments: ["manual", "receipts", "daemons"]) func fieldsThatAreTooLong(_ key: String) throws {
    for number in 0..<20 { put(key, Array("foreign\(number)".utf8), 2_000_000) }
    put(key, [UInt8](repeating: 0xFF, count: 2_000_000), 1)
    let daemon = try stage.daemon()
    try daemon.wait(for: "damaged", key: Self.base + key) { $0.reason.contains("taken out") }
    #expect(
      eventually {
        (stage.store("HKEYS", Self.base + key)?.array ?? []).allSatisfy {
          ($0.bytes?.count ?? 0) < 100 && $0.text?.hasPrefix("foreign") != true
        }
      })
    #expect(stage.fires(["victim"], 3))
    #expect(try daemon.peakMemory() < 64 << 20)
    try daemon.stop()
  }

  /// A thousand requests have names that are no text, and a real request is behind them.
  @Test func requestsThatAreGarbage() throws {
    let daemon = try stage.daemon()
    for number in 0..<1000 {
      stage.store.call(
        [
          Array("HSET".utf8), Array((Self.base + "manual").utf8), [0xFF, 0xFE] + Array("\(number)".utf8),
          Array("x".utf8),
        ])
    }
    let run = try stage.run("fire", "a", "--timeout", "20")
    #expect(run.exit == .status(0), "\(run.text)")
    #expect(eventually(within: 20) { stage.store("HLEN", Self.base + "manual")?.integer == 0 })
    let before = scripts()
    pass(2)
    #expect(scripts() - before < 60)
    try daemon.stop()
  }

  /// Keys without which schedules still fire have another type: the log names them, and the daemon uses the others.
  @Test func keysOfAnotherType() throws {
    for key in ["history", "manual", "receipts", "daemons"] { stage.store("SET", Self.base + key, "x") }
    let daemon = try stage.daemon()
    for key in ["history", "manual", "receipts", "daemons"] {
      try daemon.wait(for: "damaged") { $0.reason.contains(Self.base + key) && $0.reason.contains("string") }
    }
    #expect(stage.fires(["victim"], 5))
    try daemon.stop()
  }

  /// A key of the heartbeat has another type: the daemon leads, and reports the key once.
  @Test(arguments: ["epoch", "incarnation", "lease"]) func aHeartbeatsKeyOfAnotherType(_ key: String) throws {
    let daemon = try stage.daemon()
    #expect(stage.fires(["victim"], 2))
    if key == "epoch" { stage.store("DEL", Self.base + "lease") }
    stage.store("DEL", Self.base + key)
    stage.store("RPUSH", Self.base + key, "x")
    if key == "epoch" { stage.store("DEL", Self.base + "lease") }
    try daemon.wait(for: "damaged", key: Self.base + key) { $0.reason.contains("another Redis type") }
    #expect(stage.fires(["victim"], 10))
    #expect(daemon.logged("disconnected").isEmpty && daemon.logged("damaged").count == 1, "\(daemon.output)")
    try daemon.stop()
  }

  // MARK: names

  /// 200 names of 1 MB are made and deleted: the daemon neither remembers nor logs them whole, at the start or later.
  @Test(arguments: [true, false]) func longNames(atStart: Bool) throws {
    let document = Array(schedule("n").utf8)
    func key(_ number: Int) -> [UInt8] {
      Array("\(stage.prefix)\(number)".utf8) + [UInt8](repeating: 0x6E, count: 1 << 20)
    }
    var daemon = atStart ? nil : try stage.daemon()
    for number in 0..<200 {
      stage.store.call([Array("SET".utf8), key(number), document])
      if !atStart { stage.store.call([Array("DEL".utf8), key(number)]) }
    }
    daemon = try daemon ?? stage.daemon()
    guard let daemon else { return }
    try daemon.wait(for: "ignored") { $0.reason.contains("at most 1024 are allowed") }
    #expect(stage.fires(["victim"], 3))
    #expect(eventually { stage.store("HLEN", stage.watermarkKey)?.integer == 2 })
    #expect(daemon.output.utf8.count < 100_000)
    if atStart {
      #expect(try stage.run("list").text.contains("victim"))
      #expect(try stage.run("lint").text.contains("at most 1024 are allowed"))
      #expect(try stage.run("doctor").text.contains("200 keys under the prefix are not read"))
      for number in 0..<200 { stage.store.call([Array("DEL".utf8), key(number)]) }
    }
    #expect(stage.fires(["victim"], 3))
    try daemon.stop()
  }

  /// Names just over the limit are reported as soon as their event comes, up to the longest for which the daemon's own
  /// keys have room.
  @Test(arguments: [1_025, 1_048, 1_049]) func aNameThatIsHardlyTooLong(_ length: Int) throws {
    let daemon = try stage.daemon()
    let key = Array(stage.prefix.utf8) + [UInt8](repeating: 0x6E, count: length)
    stage.store.call([Array("SET".utf8), key, Array(schedule("n").utf8)])
    try daemon.wait(for: "ignored") { $0.reason.contains("has \(Plural.of(length, "byte"))") }
    try daemon.stop()
  }

  /// A name is so long that no reply and no event can hold it: a script counts it on the server, and the other
  /// documents are loaded.
  @Test func aNameThatNoAnswerCanHold() throws {
    let name = Array(stage.prefix.utf8) + [UInt8](repeating: 0x6E, count: 300 << 20)
    stage.store.call([Array("SET".utf8), name, Array(schedule("n").utf8)])
    let daemon = try stage.launch()
    try daemon.wait(for: "ready", within: 60)
    #expect(stage.fires(["victim"], 3, within: 30), "\(daemon.output)")
    #expect(daemon.logged("ignored").count == 1)
    try daemon.stop()
  }

  /// One document is edited to a queue of another name each time.
  @Test func queuesOfManyNames() throws {
    let daemon = try stage.daemon()
    #expect(stage.fires(["victim"], 1))
    for number in 0..<1500 {
      stage.set("q", schedule("q", every: "3600", #", "run_immediately": true, "queue": "\#(number)""#))
      guard number % 20 == 0 else { continue }
      #expect(eventually { stage.broker("EXISTS", "\(number)")?.integer == 1 })
    }
    let declared = (stage.broker("KEYS", "_kombu.binding.*")?.array ?? []).count
    #expect(declared <= Limit.declaredQueues.most, "\(declared)")
    // With names of 200 kB no document is accepted.
    for number in 0..<200 {
      stage.set(
        "q",
        schedule(
          "q", every: "3600",
          #", "run_immediately": true, "queue": "\#(number)\#(String(repeating: "q", count: 200_000))""#))
    }
    try daemon.wait(for: "rejected", key: stage.key("q")) { $0.reason.contains("at most 8192 are allowed") }
    #expect(try daemon.peakMemory() < 64 << 20)
    try daemon.stop()
  }

  /// There are watermarks of more deleted schedules than the daemon remembers.
  @Test func watermarksOfTooManyThatAreGone() throws {
    let now = try stage.second()
    let count = Limit.goneWatermarks.most + 20_000
    for start in stride(from: 0, to: count, by: 1000) {
      var words = ["HSET", stage.watermarkKey]
      for number in start..<(start + 1000) {
        let time = now.advanced(by: -Int64(number) * 60_000_000)
        words += ["gone\(number)", Watermark(due: time, taskID: nil, totalRunCount: 0, digest: .gone).description]
      }
      stage.store.call(words.map { Array($0.utf8) })
    }
    let daemon = try stage.daemon(["BEAT_WATCH_AUDIT_INTERVAL": "1"])
    #expect(try daemon.wait(for: "swept", within: 30).number("watermarks") ?? 0 >= 20_000)
    #expect(stage.store("HLEN", stage.watermarkKey)?.integer ?? 0 <= Int64(Limit.goneWatermarks.most) + 2)
    #expect(stage.store("HEXISTS", stage.watermarkKey, "gone0")?.integer == 1)
    try daemon.stop()
  }
}

extension Watermark {
  fileprivate var description: String { String(decoding: bytes, as: UTF8.self) }
}
