import Testing

@testable import BeatCore

/// A record of an edit is bounded, whoever wrote it.
@Suite struct EditRecordTests {
  private static let at = UnixTime(seconds: 1_800_000_000)

  private func stored(_ record: EditRecord) -> [[UInt8]] {
    let fields = [("at", Array("\(record.at.microseconds)".utf8))] + record.fields
    return fields.flatMap { [Array($0.0.utf8), $0.1] }
  }

  @Test func whatIsUnknownHasNoField() throws {
    let record = EditRecord(at: Self.at, user: "anna", origin: "web", action: .delete, name: EntryName("a"))
    #expect(record.fields.map(\.name) == ["user", "origin", "action", "name"])
    #expect(EditRecord(fields: stored(record)) == record)
  }

  @Test func longTextsAreCut() throws {
    let long = String(repeating: "é\u{301}", count: 10_000)
    let record = EditRecord(
      at: Self.at, user: long, origin: long, action: .rename, name: EntryName("a"),
      newName: EntryName(String(repeating: "n", count: 1_025)), before: long, after: "ABCDEF", note: long)
    #expect(record.user.utf8.count <= 258 && record.origin.utf8.count <= 258)
    #expect((record.note?.utf8.count ?? 0) <= 603)
    #expect(record.newName == nil && record.before == nil && record.after == nil)
    // What was cut is not cut again.
    let again = try #require(EditRecord(fields: stored(record)))
    #expect(again.user.utf8.count <= 258 && again.name == record.name)
  }

  @Test func aNameThatNoDaemonReadsIsLeftOut() {
    let record = EditRecord(
      at: Self.at, user: "", origin: "", action: .delete, name: EntryName(String(repeating: "n", count: 1_025)))
    #expect(record.name == nil && record.note == "its name has 1025 bytes")
    let longest = EntryName(String(repeating: "n", count: 1_024))
    #expect(EditRecord(at: Self.at, user: "", origin: "", action: .delete, name: longest).name == longest)
  }

  @Test func whatIsNoRecordIsNone() {
    let fields = stored(EditRecord(at: Self.at, user: "u", origin: "o", action: .create, name: nil))
    #expect(EditRecord(fields: fields) != nil)
    for start in stride(from: 0, to: fields.count, by: 2) {
      var less = fields
      less.removeSubrange(start...(start + 1))
      #expect(EditRecord(fields: less) == nil)
    }
    #expect(EditRecord(fields: []) == nil && EditRecord(fields: [[0xFF]]) == nil)
    #expect(EditRecord(fields: Array(fields.dropLast())) == nil)
  }
}
