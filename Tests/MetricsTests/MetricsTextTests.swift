import Testing

@testable import BeatCore
@testable import ReactiveBeat

@Suite struct MetricsTextTests {
  private func text(_ format: MetricsFormat, _ write: (inout MetricsText) -> Void) -> String {
    var text = MetricsText(format)
    write(&text)
    text.end()
    return String(decoding: text.bytes, as: UTF8.self)
  }

  @Test func aCounterHasItsSuffixWhereTheFormatWantsIt() {
    func write(_ text: inout MetricsText) {
      text.begin("a_seconds", .counter, "help", unit: .seconds)
      text.sample(microseconds: 1_500_000)
    }
    #expect(
      text(.prometheus, write) == "# HELP a_seconds_total help\n# TYPE a_seconds_total counter\na_seconds_total 1.5\n")
    #expect(
      text(.openMetrics, write)
        == "# HELP a_seconds help\n# TYPE a_seconds counter\n# UNIT a_seconds seconds\na_seconds_total 1.5\n# EOF\n")
  }

  @Test func factsAreAnInfoOrAGauge() {
    func write(_ text: inout MetricsText) {
      text.begin("a", .info, "help")
      text.sample(1, [("b", "c"), ("d", "e")])
    }
    #expect(text(.prometheus, write) == "# HELP a_info help\n# TYPE a_info gauge\na_info{b=\"c\",d=\"e\"} 1\n")
    #expect(text(.openMetrics, write) == "# HELP a help\n# TYPE a info\na_info{b=\"c\",d=\"e\"} 1\n# EOF\n")
  }

  @Test func helpAndLabelsAreEscaped() {
    func write(_ text: inout MetricsText) {
      text.begin("a", .gauge, "one \\ two\n\"three\"")
      text.sample(1, ("b", "one \\ two\n\"three\" é"))
    }
    let sample = #"a{b="one \\ two\n\"three\" é"} 1"#
    #expect(text(.prometheus, write) == "# HELP a one \\\\ two\\n\"three\"\n# TYPE a gauge\n\(sample)\n")
    #expect(text(.openMetrics, write) == "# HELP a one \\\\ two\\n\\\"three\\\"\n# TYPE a gauge\n\(sample)\n# EOF\n")
  }

  @Test(arguments: [
    (0, "0"), (1, "0.000001"), (1_000_000, "1"), (1_050_000, "1.05"), (-1_500_000, "-1.5"), (-1, "-0.000001"),
    (Int64.max, "9223372036854.775807"), (Int64.min, "-9223372036854.775808"),
    (1_772_452_800_123_456, "1772452800.123456"),
  ]) func secondsHaveTheDigitsThatTheyNeed(microseconds: Int64, words: String) {
    let text = text(.prometheus) {
      $0.begin("a", .gauge, "help")
      $0.sample(microseconds: microseconds)
    }
    #expect(text.hasSuffix("\na \(words)\n"))
  }

  @Test func aHistogramsBucketsAddUp() {
    let histogram = Histogram([1_000, 1_000_000])
    for time in [0, 1_000, 1_001, 1_000_000, 1_000_001, -5] as [Int64] { histogram.count(time) }
    let lines = { (format: MetricsFormat) in
      self.text(format) {
        $0.begin("a", .histogram, "help")
        $0.samples(histogram, ("b", "c"))
      }.split(separator: "\n").filter { !$0.hasPrefix("#") }.map(String.init)
    }
    #expect(
      lines(.prometheus) == [
        #"a_bucket{b="c",le="0.001"} 3"#, #"a_bucket{b="c",le="1"} 5"#, #"a_bucket{b="c",le="+Inf"} 6"#,
        #"a_sum{b="c"} 2.002002"#, #"a_count{b="c"} 6"#,
      ])
    #expect(lines(.openMetrics)[0...1] == [#"a_bucket{b="c",le="0.001"} 3"#, #"a_bucket{b="c",le="1.0"} 5"#])
  }

  @Test func aHistogramsSumStaysWhereItIsInsteadOfOverflowing() {
    let histogram = Histogram([1])
    histogram.count(.max)
    histogram.count(.max)
    #expect(histogram.sum == .max && histogram.counts == [0, 2])
  }

  @Test func theBucketsRise() {
    for histogram in [Histogram.lateness(), .editToEffect(), .loopDelay()] {
      #expect(zip(histogram.bounds, histogram.bounds.dropFirst()).allSatisfy { $0 < $1 })
    }
  }

  /// Names of any bytes: each is a label of its own, and the text stays readable.
  @Test(arguments: MetricsFormat.allCases) func eachNameIsALabelOfItsOwn(format: MetricsFormat) throws {
    var chance = SeededChance(seed: 7)
    var names: Set<EntryName> = []
    let bytes: [UInt8] = Array("a\\\"\n{},= x0\u{0}\u{7f}é".utf8) + [0xff, 0xc3, 0x80]
    while names.count < 500 {
      names.insert(EntryName((0..<chance.number(0...6)).map { _ in chance.one(of: bytes) }))
    }
    let text = text(format) {
      $0.begin("a", .gauge, "help")
      for name in names { $0.sample(1, "schedule", escaped: MetricsText.escaped(name.description)) }
    }
    let reading = try MetricsReading(Array(text.utf8), format)
    #expect(reading.families.first?.samples.count == 500)
    for name in names { #expect(reading.value("a", ["schedule": name.description]) == 1) }
  }
}
