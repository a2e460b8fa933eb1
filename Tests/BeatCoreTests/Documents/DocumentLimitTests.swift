import Testing

@testable import BeatCore

/// A document at a limit is read. One beyond it is refused with the limit's words.
@Suite struct DocumentLimitTests {
  private func expect(_ limit: Limit, beyond: Int? = nil, _ document: (Int) -> String) {
    #expect(Sample.problem(document(limit.most)) == nil)
    let count = beyond ?? limit.most + 1
    #expect(Sample.problem(document(count))?.hasSuffix(limit.excess(count)) == true)
  }

  private func digits(_ count: Int) -> String { String(repeating: "1", count: count) }

  @Test func aTasksName() {
    expect(.taskLength) { self.task(String(repeating: "t", count: $0)) }
    // Each letter has two bytes.
    #expect(Sample.problem(task(String(repeating: "\u{e9}", count: 512))) == nil)
    #expect(Sample.problem(task(String(repeating: "\u{e9}", count: 513)))?.contains("has 1026 bytes") == true)
    // A name that is longer than any text that is read is refused by the task's own limit, too. That limit does not
    // count escapes: a name that is too long only because of its escapes is refused by the limit of texts.
    #expect(Sample.problem(task(String(repeating: "t", count: 9_000)))?.hasSuffix("at most 1024 are allowed") == true)
    let escaped = String(repeating: #"\u0001"#, count: 1_400)
    #expect(Sample.problem(task(escaped))?.hasSuffix("has 8400 bytes, and at most 8192 are allowed") == true)
  }

  private func task(_ name: String) -> String {
    #"{"name": "n", "task": "\#(name)", "enabled": true, "interval": {"every": 1, "period": "seconds"}}"#
  }

  @Test(arguments: ["minute", "hour", "day_of_week", "day_of_month", "month_of_year", "day_of_year"])
  func aFieldOfACrontab(_ field: String) {
    // "1,1,…,1": the quotation marks do not count.
    expect(.crontabField) {
      Sample.crontab(
        #"{"\#(field)": "\#(String(repeating: "1,", count: ($0 - 1) / 2))\#($0 % 2 == 0 ? "01" : "1")"}"#)
    }
  }

  /// The list as MongoDB's tools write it: each number on a line of its own, indented, with its type.
  @Test func aListOfACrontab() {
    func crontab(_ days: some Sequence<Int>) -> String {
      let list = days.map { "\n                { \"$numberInt\": \"\($0)\" }" }.joined(separator: ",")
      return Sample.crontab(#"{"day_of_year": [\#(list)]}"#)
    }
    #expect(Sample.problem(crontab(1...366)) == nil)
    let long = Sample.problem(crontab((0..<1_000).map { $0 % 366 + 1 }))
    #expect(long?.hasPrefix("crontab.day_of_year") == true && long?.hasSuffix("at most 32768 are allowed") == true)
  }

  @Test(arguments: ["jitter", "max_run_count", "priority", "expires", "expire_seconds", "time_limit", "catchup_window"])
  func aNumber(_ field: String) {
    let long = Sample.document(#""\#(field)": 0.\#(digits(4_300))"#)
    #expect(Sample.problem(long)?.hasSuffix("it has 4301 digits, and at most 4300 are allowed") == true)
    let quoted = Sample.document(#""\#(field)": {"$numberLong": "\#(digits(5_000))"}"#)
    #expect(Sample.problem(quoted)?.hasPrefix(field) == true)
  }

  @Test func theIntervalsNumber() {
    func every(_ text: String) -> String { Sample.document(interval: #"{"every": \#(text), "period": "seconds"}"#) }
    #expect(Sample.problem(every("1." + String(repeating: "0", count: 4_299))) == nil)
    #expect(
      Sample.problem(every("1." + String(repeating: "0", count: 4_300)))?
        .hasSuffix("has 4301 digits, and at most 4300 are allowed") == true)
    // The sign is no digit: this interval is refused for another reason.
    #expect(Sample.problem(every("-" + digits(4_300)))?.contains("digits, and at most") == false)
  }

  @Test(arguments: ["headers", "options"]) func fields(_ field: String) {
    expect(.fieldCount) { count in
      let members = (0..<count).map { #""x\#($0)": \#($0)"# }.joined(separator: ", ")
      return Sample.document(#""\#(field)": {\#(members)}"#)
    }
  }

  @Test func fieldsOfADocument() {
    // The sample has four fields already.
    expect(.fieldCount) { count in Sample.document(contentsOf: (0..<count - 4).map { #""x\#($0)": \#($0)"# }) }
    expect(.fieldCount) { count in
      let members = (0..<count - 1).map { #""_x\#($0)": \#($0)"# }.joined(separator: ", ")
      return Sample.crontab(#"{"minute": "0", \#(members)}"#)
    }
  }

  @Test(
    arguments: [
      "name", "queue", "exchange", "routing_key", "timezone", "shadow", "argsrepr", "kwargsrepr", "catchup",
      "serializer",
      "expires", "start_after", "last_run_at",
    ])
  func text(_ field: String) {
    let long = Sample.document(#""\#(field)": "\#(String(repeating: "x", count: 8_193))""#, interval: Self.aligned)
    #expect(Sample.problem(long)?.hasSuffix("at most 8192 are allowed") == true)
  }

  @Test(arguments: ["expires", "start_after", "last_run_at"]) func aTypedDate(_ field: String) {
    let years = String(repeating: #""year": 1, "#, count: 900)
    let date = Sample.document(#""\#(field)": {"__type__": "datetime", \#(years)"month": 1}"#)
    #expect(Sample.problem(date)?.hasSuffix("at most 8192 are allowed") == true)
  }

  /// An interval for which a time zone counts.
  private static let aligned = #"{"every": 1, "period": "hours", "align": true}"#
}
