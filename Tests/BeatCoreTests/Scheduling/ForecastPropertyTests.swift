import Testing

@testable import BeatCore

/// All runs that commands forecast are, in order, those that a daemon sends which starts now.
@Suite("Forecast: random documents, watermarks and gaps; the next runs one by one")
struct ForecastPropertyTests {
  private typealias Store = PreviewPropertyTests.Store

  /// The first few runs that a daemon sends which starts now, each carried out at once; fewer if no more come within
  /// ten years.
  private static func sent(_ store: Store, at now: UnixTime, _ count: Int) -> [UnixTime] {
    var (bench, _) = PreviewPropertyTests.started(store, at: now)
    var dues = bench.run(0).fires.map(\.due)
    while dues.count < count, let timer = bench.timer,
      timer.microseconds(since: now) < 10 * 366 * 86_400_000_000
    {
      dues += bench.run(max(0, Double(timer.microseconds(since: bench.now))) / 1_000_000).fires.map(\.due)
    }
    return Array(dues.prefix(count))
  }

  private static func document(_ chance: inout SeededChance, _ now: UnixTime) -> String {
    let text = PreviewPropertyTests.document(&chance, now, plain: false)
    return chance.once(in: 4) ? #"\#(text.dropLast()), "run_immediately": true}"# : text
  }

  /// A document alone: no daemon knows of it.
  @Test func theForecastOfADocumentIsWhatComes() throws {
    var (missed, several) = (0, 0)
    for seed in 1...1_000 {
      var chance = SeededChance(seed: UInt64(seed))
      let now = Sample.noon.advanced(by: Int64(chance.number(0...20_000)) * 1_000_003)
      let document = Self.document(&chance, now)
      let sent = Self.sent(Store(document: document), at: now, 6)
      let forecast = try ScheduleForecast(Array(document.utf8), context: Sample.context, now: now)
      let told = forecast.coming(6).runs.map(\.due)
      #expect(told == sent, "seed \(seed): \(document) at \(now.iso8601)")
      if let first = sent.first, first < now { missed += 1 }
      if sent.count == 6 { several += 1 }
    }
    #expect(missed > 50 && several > 200, "\(missed) \(several)")
  }

  /// A stored document, with the watermark that a daemon or a command has left after some runs.
  @Test func theForecastOfAStoredScheduleIsWhatComes() throws {
    var (missed, several) = (0, 0)
    for seed in 1...1_000 {
      var chance = SeededChance(seed: UInt64(seed))
      var now = Sample.noon
      var store = Store(document: Self.document(&chance, now))
      for _ in 0..<chance.number(1...4) {
        switch chance.number(0...2) {
        case 0: _ = store.edit(Self.document(&chance, now), at: now)
        case 1: store.document = Self.document(&chance, now)
        default:
          var (bench, begun) = PreviewPropertyTests.started(store, at: now)
          store.keep(begun)
          for _ in 0..<chance.number(1...3) {
            let actions = bench.run(max(0, Double(bench.timer?.microseconds(since: bench.now) ?? 0)) / 1_000_000)
            store.keep(actions)
            for plan in actions.fires { (store.document, store.watermark) = (String(plan.newDocument), plan.watermark) }
          }
          now = bench.now
        }
        now = now.advanced(by: Int64(chance.number(0...chance.one(of: [1, 20, 400, 20_000]))) * 1_000_003)
      }
      let sent = Self.sent(store, at: now, 6)
      let told = store.preview(at: now).upcoming(6).map(\.due)
      #expect(told == sent, "seed \(seed): \(store.document) at \(now.iso8601)")
      if let first = sent.first, first < now { missed += 1 }
      if sent.count == 6 { several += 1 }
    }
    #expect(missed > 50 && several > 200, "\(missed) \(several)")
  }
}
