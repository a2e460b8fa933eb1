import Testing

@testable import BeatCore
@testable import BeatMongo

/// A document that is read from its server, and the same one as mongoexport prints it, become the same here.
@Suite struct ExportedDocumentTests {
  private struct Line {
    let stored: BSONDocument
    /// Relaxed and canonical Extended JSON.
    let exported: [String]

    init(_ line: String) throws {
      let space = try #require(line.firstIndex(of: " "))
      stored = try BSONDocument(HexText.bytes(line[..<space]))
      exported = line[line.index(after: space)...].split(separator: "\t").map(String.init)
    }

    /// What looks like another type in Extended JSON was stored as a document, which no text of it can tell.
    var isAmbiguous: Bool { exported.contains { $0.contains(#"{"$date": 5}"#) || $0.contains(#"{"$oid": "x""#) } }
  }

  private let settings = ImportSettings(documents: Sample.context, timezone: "Europe/Berlin", now: Sample.noon)

  private func imported(_ stored: BSONDocument) -> ImportedSchedule? {
    let name = EntryName(stored["name"]?.utf8.map { Array($0) } ?? [])
    let content = Scheduler.DocumentRead.Content(StoredText.content(of: stored, atMost: Limit.documentLength.most))
    return MongoDocument.imported([MongoDocument(name: name, content)], settings).first
  }

  @Test func documentsOfTheRealSchedulers() throws {
    var count = 0
    for line in try OracleFile.lines("exported.txt").map(Line.init) where line.stored["name"] != nil {
      let live = try #require(imported(line.stored))
      #expect(live.problem == nil, "\(live)")
      let document = try ScheduleDocument(live.document, context: Sample.context)
      for text in line.exported {
        count += 1
        let exported = try #require(
          try ImportFile.schedules(Array(text.utf8), form: .mongo, settings).first)
        #expect(exported.name == live.name && exported.notes == live.notes && exported.problem == nil)
        #expect(try ScheduleDocument(exported.document, context: Sample.context) == document, "\(text)")
      }
    }
    #expect(count == 32)
  }

  /// What reaches a worker is the same to the byte; what no worker can be sent does not come.
  @Test func arguments() throws {
    var (sent, refused) = (0, 0)
    for line in try OracleFile.lines("exported.txt").map(Line.init)
    where line.stored["name"] == nil && !line.isAmbiguous {
      let live: [UInt8]? =
        if case .text(let text) = StoredText.content(of: line.stored) { try DocumentEditor(text).value("args") } else {
          nil
        }
      for text in line.exported {
        let exported = try? DocumentEditor(MongoExport.plain(try DocumentLayout(Array(text.utf8)))).value("args")
        #expect(
          exported.map { String(decoding: $0, as: UTF8.self) } == live.map { String(decoding: $0, as: UTF8.self) },
          "\(text)")
      }
      if live == nil { refused += 1 } else { sent += 1 }
    }
    #expect(sent > 180 && refused > 15, "\(sent), \(refused)")
  }
}
