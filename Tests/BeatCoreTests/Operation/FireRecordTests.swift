import Testing

@testable import BeatCore

@Suite struct FireRecordTests {
  private func fields(_ texts: String...) -> [[UInt8]] { texts.map { Array($0.utf8) } }

  @Test func readsWhatTheScriptWrites() throws {
    let record = try #require(
      FireRecord(fields: fields("name", "a", "id", "x", "due", "1000000", "late", "213", "why", "catch-up")))
    #expect(record.name == EntryName("a") && record.taskID == "x" && record.reason == "catch-up")
    #expect(record.firedAt == UnixTime(microseconds: 1_000_213))
  }

  @Test func leavesWhatIsNone() {
    #expect(FireRecord(fields: fields("name", "a", "due", "x", "late", "1")) == nil)
    #expect(FireRecord(fields: fields("due", "1", "late")) == nil)
    #expect(FireRecord(fields: []) == nil)
  }

  @Test func runsThatWereSentTogetherShareAnEntry() {
    let (first, second) = ("00000000000001000000|x|7|0556c63f", "00000000000000999000|y|1")
    let runs = FireRecord.runs(fields: fields("at", "1000213", "why", "schedule", first, "a", second, "at"))
    #expect(runs.map(\.name.description) == ["a", "at"] && runs.map(\.taskID) == ["x", "y"])
    #expect(runs.map(\.due.microseconds) == [1_000_000, 999_000] && runs.map(\.late) == [213, 1213])
    #expect(runs.allSatisfy { $0.reason == "schedule" && $0.firedAt.microseconds == 1_000_213 })
    // One run alone is written as before.
    #expect(FireRecord.runs(fields: fields("name", "a", "id", "x", "due", "1", "late", "2", "why", "queue")).count == 1)
    #expect(FireRecord.runs(fields: fields("at", "x", "why", "schedule", first, "a")).isEmpty)
    #expect(FireRecord.runs(fields: fields("at", "1", "why", "schedule", first)).isEmpty)
    #expect(FireRecord.runs(fields: fields("at", "1", "why", "schedule", "garbage", "a", first, "b")).count == 1)
    // Nothing that stands there may end the reader.
    #expect(FireRecord.runs(fields: fields("at", "\(Int64.min)", "why", "", first, "a")).first?.late == .min)
  }

  @Test func percentilesAreOfRunsThatWereDue() {
    func record(_ late: Int64, _ reason: FireReason = .schedule) -> FireRecord {
      FireRecord(
        name: EntryName("a"), taskID: "", due: UnixTime(microseconds: 0), late: late, reason: reason.rawValue)
    }
    let records = (1...200).reversed().map { record($0) } + [record(0, .manual), record(9_000_000, .catchUp)]
    let summary = LatenessSummary(of: records)
    #expect(summary.count == 200)
    #expect(summary.median == 100 && summary.percentile99 == 198 && summary.worst == 200)
    let one = LatenessSummary(of: [record(7)])
    #expect(one.median == 7 && one.percentile99 == 7 && one.worst == 7)
    #expect(LatenessSummary(of: []).median == nil)
  }

  @Test func aDaemonsRecordIsReadAsItWasWritten() {
    let record = DaemonRecord(
      version: "1", host: "a\"b", processID: 7, since: UnixTime(microseconds: 1_700_000_000_000_000), isLeading: true,
      events: "keyspace", delivery: "direct", schedules: 3, rejected: 1, repaired: 0, timezone: "UTC",
      broker: "redis://h:1/0")
    #expect(DaemonRecord(record.bytes) == record)
    #expect(DaemonRecord(Array("{}".utf8)) == nil && DaemonRecord([0xFF]) == nil)
  }

  @Test func aReceiptIsReadAsItWasWritten() {
    let heard = UnixTime(microseconds: 1_700_000_000_250_000)
    for verdict: Scheduler.Verdict in [
      .accepted(next: heard), .accepted(next: nil), .rejected(reason: "interval.every \"x\": expected …"),
    ] {
      var receipt = EditReceipt(verdict, heard: heard)
      receipt.warnings = ["one", "\"two\""]
      #expect(EditReceipt(receipt.bytes) == receipt)
    }
    #expect(EditReceipt(Array(#"{"state": "accepted"}"#.utf8)) == nil)
  }
}
