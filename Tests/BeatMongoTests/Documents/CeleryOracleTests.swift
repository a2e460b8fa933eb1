import Testing

@testable import BeatCore
@testable import BeatMongo

/// What reaches a worker, beside what Celery makes of what pymongo reads.
@Suite struct CeleryOracleTests {
  @Test func argumentsAreCelerys() throws {
    var (sent, refused) = (0, 0)
    for line in try OracleFile.lines("celery.txt") {
      let space = try #require(line.firstIndex(of: " "))
      let document = try BSONDocument(HexText.bytes(line[..<space]))
      let answer = line[line.index(after: space)...]
      if answer.hasPrefix("!") {
        refused += 1
        #expect(Stored.problem(document)?.contains("in args[") == true, "\(line)")
      } else {
        sent += 1
        #expect(try Stored.text(document) == "{\"args\": \(answer)}")
      }
    }
    #expect(sent > 190 && refused > 20)
  }

  /// All documents of the real schedulers are read, and their arguments are Celery's.
  @Test func documentsOfTheRealSchedulers() throws {
    var names: [String] = []
    for line in try OracleFile.lines("schedules.txt") {
      let space = try #require(line.firstIndex(of: " "))
      let stored = try BSONDocument(HexText.bytes(line[..<space]))
      let text = try Stored.utf8(stored)
      let document = try ScheduleDocument(text, context: Sample.context)
      names.append("\(document.definition.name) \(document.definition.schedule)")
      let editor = try DocumentEditor(text)
      let arguments = [editor.value("args"), editor.value("kwargs")].map { String(decoding: $0 ?? [], as: UTF8.self) }
      #expect("[\(arguments.joined(separator: ", "))]" == line[line.index(after: space)...])
      #expect(document.totalRunCount == stored["total_run_count"]?.integer ?? 0)
      #expect(document.lastRunAt?.microseconds == stored["last_run_at"]?.milliseconds.map { $0 * 1_000 })
      #expect(!editor.has("_id"))
    }
    #expect(names.count == 16)
    #expect(names.filter { $0.hasPrefix("everything ") }.count == 2)
  }
}
