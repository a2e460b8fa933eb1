/// Schedules of celerybeat-mongo: documents of its collection, as `mongoexport` or a mongo shell prints them.
/// (Source: celerybeatmongo/models.py and schedulers.py, 0.2.0)
///
/// The daemon reads such documents as they are, so the bytes stay, but for what means something else there.
enum MongoExport {
  /// The fields whose values reach the worker.
  private static let sent = ["args", "kwargs", "options", "headers"]

  static func schedule(_ record: [UInt8], _ settings: ImportSettings) throws(ImportRefusal) -> ImportedSchedule {
    guard let layout = try? DocumentLayout(record), let last = layout.members.last else {
      throw ImportRefusal("is not a document of celerybeat-mongo")
    }
    guard let name = layout.text("name"), !name.isEmpty else {
      throw ImportRefusal("has no name; celerybeat-mongo requires one")
    }
    var splice = Splice()
    var added = ""
    var notes: [String] = []
    func write(_ key: String, _ json: String) {
      if let old = layout.value(key) { splice.replace(old.range, with: json) } else { added += ", \"\(key)\": \(json)" }
    }

    if layout["enabled"] == nil {
      write("enabled", "false")
      notes.append("has no \"enabled\", which celerybeat-mongo takes as false")
    }
    for field in sent {
      guard let slice = layout[field] else { continue }
      let plain = try ExtendedJSON.plain(slice, in: record, field: field)
      if !plain.elementsEqual(record[slice.range]) { splice.replace(slice.range, with: plain) }
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
    if let slice = layout["start_after"], let start = DocumentDate(slice, in: record, zones: settings.documents),
      start.instant > settings.now
    {
      notes.append("start_after \(start.instant.iso8601) is read as UTC; celerybeat-mongo read it by its host's clock")
    }
    if !added.isEmpty { splice.replace(last.value.range.upperBound..<last.value.range.upperBound, with: added) }
    return ImportedSchedule(name: EntryName(name), document: splice.applied(to: record), notes: notes)
  }
}
