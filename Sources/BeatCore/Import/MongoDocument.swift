/// A document of a MongoDB collection in which celerybeat-mongo or its successor keeps a schedule: found on the server, or
/// in what `mongoexport` or a mongo shell has printed.
/// (Source: celerybeatmongo/models.py and schedulers.py, 0.2.0)
///
/// The daemon reads such documents as they are, so the bytes stay, but for what means something else there.
package struct MongoDocument: Sendable {
  /// Empty: it has none that is text.
  private let name: EntryName
  private let content: Content

  private enum Content {
    /// The document. What reaches a worker is JSON as Celery would have sent it.
    case text([UInt8])
    /// A sentence for the user: why there is no such text.
    case problem(String)
  }

  /// A document as the server's reader has found it.
  package init(name: EntryName, _ content: Scheduler.DocumentRead.Content) {
    self.name = name
    self.content =
      switch content {
      case .document(let text): .text(text)
      case .tooLong(let length):
        .problem(Scheduler.DocumentRead.excess(length, most: Limit.documentLength.most))
      case .unusable(let content): .problem(content.problem)
      case .absent: .problem("is gone")
      }
  }

  /// A document of a file.
  init(exported record: DocumentLayout) {
    name = EntryName(record.text("name") ?? "")
    do throws(ImportRefusal) { content = .text(try MongoExport.plain(record)) } catch { content = .problem(error.text) }
  }

  /// The documents that mean the same here as those of one collection.
  package static func imported(_ documents: [MongoDocument], _ settings: ImportSettings) -> [ImportedSchedule] {
    // Where no document has the class, the collection was another scheduler's, which read documents without it.
    let hasClasses = documents.contains { $0.layout?.isOfMongoengine == true }
    return documents.map { $0.imported(settings, besideClasses: hasClasses) }
  }

  private var layout: DocumentLayout? {
    if case .text(let text) = content { try? DocumentLayout(text) } else { nil }
  }

  private func imported(_ settings: ImportSettings, besideClasses: Bool) -> ImportedSchedule {
    do throws(ImportRefusal) {
      return try converted(settings, besideClasses: besideClasses).checked(settings.documents).unrouted(settings)
    } catch {
      return ImportedSchedule(name: name, problem: error.text)
    }
  }

  private func converted(
    _ settings: ImportSettings, besideClasses: Bool
  ) throws(ImportRefusal) -> ImportedSchedule {
    guard !name.bytes.isEmpty else { throw ImportRefusal("has no name, by which a schedule is known") }
    if case .problem(let problem) = content { throw ImportRefusal(problem) }
    guard let layout, let last = layout.members.last else {
      throw ImportRefusal("is not a document of celerybeat-mongo")
    }
    var splice = Splice()
    var added = ""
    var notes: [String] = []
    if layout["enabled"] == nil {
      if let old = layout.value("enabled") {
        splice.replace(old.range, with: "false")
      } else {
        added += ", \"enabled\": false"
      }
      notes.append("has no \"enabled\", which celerybeat-mongo takes as false")
    } else if besideClasses, !layout.isOfMongoengine, layout.bool("enabled") == true {
      notes.append("has no _cls: celerybeat-mongo left it out, and here it runs")
    }
    if let kind = ScheduleKind.allCases.first(where: { $0.followsWallClock && layout[$0.rawValue] != nil }),
      layout["timezone"] == nil
    {
      if let zone = settings.timezone {
        added += ", \"timezone\": \(JSONLine.quoted(zone))"
      } else {
        notes.append("names no zone: its \(kind.rawValue) follows the daemon's --timezone")
      }
    }
    if let slice = layout["start_after"],
      let start = DocumentDate(slice, in: layout.bytes, zones: settings.documents), start.instant > settings.now
    {
      notes.append("start_after \(start.instant.iso8601) is read as UTC; celerybeat-mongo read it by its host's clock")
    }
    if !added.isEmpty { splice.replace(last.value.range.upperBound..<last.value.range.upperBound, with: added) }
    return ImportedSchedule(name: name, document: splice.applied(to: layout.bytes), notes: notes)
  }
}

extension DocumentLayout {
  /// Whether mongoengine has written it for celerybeat-mongo, which reads no others: its class, or one that an application
  /// has derived of it.
  fileprivate var isOfMongoengine: Bool {
    guard let name = text("_cls") else { return false }
    return name == "PeriodicTask" || name.hasPrefix("PeriodicTask.")
  }
}
