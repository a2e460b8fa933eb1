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
