import Testing

@testable import BeatCore

@Suite("Fuzz targets: some mutations of each, and what fuzzing found")
struct FuzzTargetTests {
  @Test(arguments: FuzzTarget.core.map(\.name)) func mutations(_ name: String) throws {
    let target = try #require(FuzzTarget.core.first { $0.name == name })
    #expect(target.seeds().contains { !$0.isEmpty })
    try target.checkMutations(2_000)
  }

  /// A seed document that is refused would leave everything after the reader untested.
  @Test func documentsToBeginWithAreAccepted() throws {
    for seed in FuzzTarget.document.seeds() { _ = try ScheduleDocument(seed, context: FuzzZones.context) }
    #expect(FuzzZones.all.count == FuzzZones.names.count && Set(FuzzZones.all).count == FuzzZones.all.count)
  }

  /// A broken property is reported with its input.
  @Test func brokenPropertiesAreTold() throws {
    let target = FuzzTarget("x", words: ["y"], seeds: { [Array("abcdefgh".utf8)] }) { bytes in
      try hold(!bytes.contains(UInt8(ascii: "y")), "there is a y")
    }
    let error = #expect(throws: BrokenProperty.self) { try target.checkMutations(1_000) }
    #expect(error?.description.hasPrefix("x: there is a y; the input is ") == true)
  }

  @Test(arguments: findings) func found(_ finding: Finding) throws {
    try finding.target.check(finding.input)
  }

  struct Finding: Sendable, CustomTestStringConvertible {
    var target: FuzzTarget
    var what: String
    var input: [UInt8]

    init(_ target: FuzzTarget, _ what: String, number: Int64? = nil, _ text: String) {
      (self.target, self.what) = (target, what)
      input = (number.map { number in (0..<8).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) } } ?? []) + text.utf8
    }

    var testDescription: String { "\(target.name): \(what)" }
  }

  static let findings = [
    Finding(.number, "microseconds of far times were rounded", number: 253_402_300_799_999_999, ""),
    Finding(.date, "seconds of the year 9999 became the year 10000", number: 253_402_300_799_999_999, "0.5\n"),
    Finding(.date, "an offset led beyond the year 9999", number: 0, "\"9999-12-31T12:00:00+02:00\"\n"),
    Finding(.date, "an offset led before the year 1", number: 0, "ISODate(\"0001-01-01 12:00:00-02:00\")\n"),
    Finding(.crontab, "a bidirectional override in a message", number: 0, "\u{0}\u{0}\u{202E} * * * *"),
    Finding(
      .document, "an unknown field of any length in an error",
      Sample.crontab("{\"\(String(repeating: "x", count: 2_000))\": 1}")),
    Finding(
      .document, "an unknown field of any length in a warning",
      Sample.document(interval: "{\"every\": 1, \"period\": \"days\", \"\(String(repeating: "x", count: 2_000))\": 1}")),
    Finding(
      .document, "a warning for each unknown option",
      Sample.document("\"options\": {\((0..<200).map { "\"x\($0)\": 1" }.joined(separator: ", "))}")),
  ]
}
