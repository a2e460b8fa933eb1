import BeatCore
import Testing

@testable import BeatCore
@testable import BeatMongo

/// A fire changes its bookkeeping and nothing else, in the form that stands in the document.
@Suite struct FireChangesTests {
  enum LastRun: CaseIterable {
    case date, text, double, int32, int64, decimal, typed, literal, absent, null

    func add(to writer: inout BSONWriter) {
      switch self {
      case .date: writer.add("last_run_at", date: 1_772_452_790_123)
      case .text: writer.add("last_run_at", "2026-03-02 11:59:50.5+01:00")
      case .double: writer.add("last_run_at", 1_772_452_790.5)
      case .int32: writer.add("last_run_at", Int32(1_772_452_790))
      case .int64: writer.add("last_run_at", Int64(1_772_452_790))
      case .decimal: BSONDecimal("1772452790.25").map { writer.add("last_run_at", $0) }
      case .typed:
        writer.add("last_run_at") {
          $0.add("__type__", "datetime")
          for (name, value) in [("year", 2026), ("month", 3), ("day", 2), ("hour", 11), ("minute", 59)]
            as [(String, Int64)]
          {
            $0.add(name, value)
          }
          $0.add("second", Int32(50))
          $0.add("microsecond", Int32(1))
        }
      case .literal: writer.add("last_run_at") { $0.add("$date") { $0.add("$numberLong", "1772452790123") } }
      case .absent: break
      case .null: writer.addNull("last_run_at")
      }
    }

    var type: BSONType {
      switch self {
      case .date: .date
      case .text: .string
      case .double, .decimal: .double
      case .int32: .double
      case .int64: .double
      case .typed, .literal, .absent, .null: .document
      }
    }
  }

  private static func schedule(_ lastRun: LastRun, asked: Bool) -> BSONDocument {
    Stored.document { writer in
      for member in BSONSeeds.schedule.members {
        if member.isNamed("last_run_at") {
          lastRun.add(to: &writer)
        } else if member.isNamed("run_immediately") {
          writer.add("run_immediately", asked)
        } else {
          writer.add(member)
        }
      }
      writer.add("owner", objectID: Array(1...12))
      writer.add("limit", Int64(5))
      writer.add("price") { $0.add("a", BSONDecimal("1.50") ?? BSONDecimal(high: 0, low: 0)) }
    }
  }

  @Test(arguments: LastRun.allCases, [true, false]) func aFire(_ lastRun: LastRun, asked: Bool) throws {
    let stored = Self.schedule(lastRun, asked: asked)
    let old = try Stored.utf8(stored)
    let due = UnixTime(microseconds: 1_772_452_800_250_000)
    var document = try ScheduleDocument(old, context: Sample.context)
    let new = try DocumentLayout(old).fired(due: due, count: document.totalRunCount + 1).bytes
    let changes = try FieldChanges(from: old, to: new, stored: stored)

    let fields = ["total_run_count", "last_run_at"] + (asked ? ["run_immediately"] : [])
    #expect(Set(changes.fieldNames) == Set(fields) && changes.fieldNames.count == fields.count && changes.unset == [])
    let values = Dictionary(changes.set.map { ($0.name, $0.value) }) { $1 }
    #expect(values["total_run_count"]?.type == .int32 && values["total_run_count"]?.integer == 2)
    #expect(values["last_run_at"]?.type == lastRun.type)
    // What stood there, for a filter.
    for field in fields {
      let before = changes.old(field)
      #expect((before == nil) == (stored[field] == nil))
      if let before, let now = stored[field] { #expect(before.isIdentical(to: now)) }
    }
    #expect(changes.old("total_run_count")?.integer == 1)

    let after = try UpdatedDocument.of(stored, changes)
    #expect(try Stored.utf8(after) == new)
    document = try ScheduleDocument(try Stored.utf8(after), context: Sample.context)
    #expect(document.lastRunAt == due && document.totalRunCount == 2 && !document.definition.runImmediately)
    for member in after.members where !fields.contains(where: { member.isNamed($0) }) {
      let name = String(decoding: member.nameBytes, as: UTF8.self)
      #expect(try member.value.isIdentical(to: #require(stored[name])), "\(name)")
    }
    // Numbers within a date keep their types.
    if lastRun == .typed {
      #expect(values["last_run_at"]?["year"]?.type == .int64 && values["last_run_at"]?["second"]?.type == .int32)
    }
  }

  /// A Date is one afterwards, by the form that the core writes into documents of MongoDB that have never run.
  @Test func aFirstRunWithADate() throws {
    let stored = Self.schedule(.absent, asked: false)
    let old = try Stored.utf8(stored)
    var editor = try DocumentEditor(old)
    editor.set("last_run_at", to: #"{"$date": 1772452800250}"#)
    let changes = try FieldChanges(from: old, to: editor.bytes, stored: stored)
    #expect(changes.fieldNames == ["last_run_at"] && changes.old("last_run_at") == nil)
    #expect(changes.set.first?.value.milliseconds == 1_772_452_800_250)
  }

  /// A count that is a Long stays one; one that the old shell has made a Double becomes an Int32.
  @Test func counts() throws {
    for (write, type) in [
      ({ $0.add("total_run_count", Int64(1)) }, .int64), ({ $0.add("total_run_count", 1.0) }, .int32),
      ({ $0.add("total_run_count", Int32(1)) }, .int32),
    ] as [((inout BSONWriter) -> Void, BSONType)] {
      let stored = Stored.document { writer in
        for member in BSONSeeds.schedule.members where !member.isNamed("total_run_count") { writer.add(member) }
        write(&writer)
      }
      let old = try Stored.utf8(stored)
      let new = try DocumentLayout(old).fired(due: Sample.noon, count: 2).bytes
      let changes = try FieldChanges(from: old, to: new, stored: stored)
      let value = try #require(changes.set.first { $0.name == "total_run_count" }?.value)
      #expect(value.type == type && value.integer == 2)
    }
  }

  @Test func aScheduleThatHasEnded() throws {
    let stored = Self.schedule(.date, asked: false)
    let old = try Stored.utf8(stored)
    var editor = try DocumentEditor(old)
    editor.set("enabled", to: "false")
    let changes = try FieldChanges(from: old, to: editor.bytes, stored: stored)
    #expect(changes.fieldNames == ["enabled"] && changes.old("enabled")?.bool == true)
    #expect(
      changes.update == Stored.document { $0.add("$set") { $0.add("enabled", false) } })
  }
}
