@testable import BeatCore

extension FuzzTarget {
  /// A schedule document: its meaning, its due times, and the bookkeeping that is written back.
  static let document = FuzzTarget(
    "document", words: documentWords,
    seeds: { (SampleDocuments.all + documentSeeds).map { Array($0.utf8) } },
    check: { bytes in
      let document: ScheduleDocument
      do throws(DocumentProblem) {
        document = try ScheduleDocument(bytes, context: FuzzZones.context)
      } catch {
        return try holdOneLine(error.description)
      }
      try hold(JSONObject.isOne(bytes), "read as a document, but not one JSON object")
      try hold(document.warnings.count <= 64, "\(document.warnings.count) warnings")
      for warning in document.warnings { try holdOneLine(warning) }
      let chance = FuzzInput.digest(bytes)
      let base = document.lastRunAt ?? times[0]
      let time = times[Int(chance >> 32) % times.count]
      try document.definition.schedule.holdProperties(after: time, base: base, span: Int64(chance >> 8))
      try holdEntry(document)
      try holdForecast(bytes, after: time)
      try holdBookkeeping(bytes, document, due: times[Int(chance >> 16) % times.count])
    })

  /// Times at the ends of the range, at the epoch and in the present, and with fractions of a second.
  private static let times = [
    1_772_452_800_000_000, UnixTime.earliest.microseconds, UnixTime.latest.microseconds, -1, 0, 1_772_452_800_123_456,
    253_402_300_799_999_000, 4_102_444_800_000_001, 1_772_452_800_500_000, -62_135_596_799_999_999,
    253_402_214_400_000_000, 9_000_000_000_000_003,
  ].map { UnixTime(microseconds: $0) }

  private static func holdEntry(_ document: ScheduleDocument) throws {
    let base = document.lastRunAt ?? times[0]
    let entry = ScheduleEntry(
      name: EntryName("fuzz"), document: [], timing: EntryTiming(document.definition), base: base,
      totalRunCount: document.totalRunCount)
    if let finish = entry.finish { try holdOneLine(finish) }
    guard let due = entry.nextDue else { return }
    try hold(due > base, "due at \(due), which is not after its last run \(base)")
    let sending = entry.sending(of: due)
    try hold(sending >= due, "sent at \(sending), before it is due at \(due)")
    try hold(
      sending == due || sending.microseconds(since: due) <= document.definition.jitter, "sent later than its jitter")
  }

  private static func holdForecast(_ bytes: [UInt8], after time: UnixTime) throws {
    let forecast: ScheduleForecast
    do { forecast = try ScheduleForecast(bytes, context: FuzzZones.context, now: time, after: time) } catch {
      // A document may have a field `after`, which only a forecast reads and may refuse.
      return try hold(error.field == "after", "accepted, but no forecast: \(error)")
    }
    var cursor = forecast.after ?? time
    for run in forecast.coming(3).runs {
      try hold(run.due > cursor && run.sent >= run.due, "the forecast goes from \(cursor) to \(run)")
      cursor = run.due
    }
  }

  // MARK: bookkeeping

  /// Holds that every byte outside the bookkeeping stays, that the bookkeeping reads back, and that writing it again
  /// changes nothing.
  private static func holdBookkeeping(_ bytes: [UInt8], _ document: ScheduleDocument, due: UnixTime) throws {
    let layout = try DocumentLayout(bytes)
    let count = document.totalRunCount == .max ? .max : document.totalRunCount + 1
    let fired = layout.fired(due: due, count: count)
    let new = fired.bytes
    let newLayout = try DocumentLayout(new)
    try hold(newLayout.fired(due: due, count: count).bytes == new, "the same bookkeeping written again has other bytes")
    // At the ends of the range a date is written in another form than the document's.
    let day: Int64 = 86_400_000_000
    let isAtEnd = due < .earliest.advanced(by: day) || due > .latest.advanced(by: -day)
    var (nextPlaces, text) = (fired.places, new)
    for step in 1...3 as ClosedRange<Int64> where !isAtEnd {
      let (due, count) = (UnixTime(microseconds: step &* 1_234_567_891_011_000), count &- step &* 9)
      let next = nextPlaces.fired(text, due: due, count: count)
      try hold(
        next.bytes == (try DocumentLayout(text)).fired(due: due, count: count).bytes,
        "the places of the bookkeeping are others than those that are found by reading")
      (nextPlaces, text) = (next.places, next.bytes)
    }

    let written =
      ["last_run_at", "total_run_count"] + (layout.bool("run_immediately") == true ? ["run_immediately"] : [])
    let added = written.filter { layout.value($0) == nil }
    try hold(
      newLayout.members.map(\.key) == layout.members.map(\.key) + added,
      "the keys \(layout.members.map(\.key)) became \(newLayout.members.map(\.key))")
    let places = written.filter { !added.contains($0) }
    var oldPlaces = places.compactMap { layout.value($0)?.range }
    var newPlaces = places.compactMap { newLayout.value($0)?.range }
    if !added.isEmpty, let last = layout.members.last, let newLast = newLayout.members.last {
      oldPlaces.append(last.value.range.upperBound..<last.value.range.upperBound)
      let before = newLayout.members[layout.members.count - 1].value.range.upperBound
      newPlaces.append(before..<newLast.value.range.upperBound)
    }
    try hold(
      pieces(of: layout, without: oldPlaces) == pieces(of: newLayout, without: newPlaces),
      "a byte beside the bookkeeping was changed")

    let reread: ScheduleDocument
    do { reread = try ScheduleDocument(new, context: FuzzZones.context) } catch {
      throw BrokenProperty("what was written back is refused: \(error.description)")
    }
    var expected = document.definition
    expected.runImmediately = false
    try hold(reread.definition == expected, "after a fire it says something else")
    try hold(reread.warnings == document.warnings, "after a fire it has other warnings")
    try hold(reread.totalRunCount == count, "the count \(count) is read back as \(reread.totalRunCount)")
    let form = layout.value("last_run_at").flatMap { DocumentDate($0, in: bytes)?.form }
    let keepsMicroseconds = form != .dollarDateMilliseconds && form != .dollarDateNumberLong
    let expectedDue = keepsMicroseconds ? due.microseconds : due.microseconds / 1000 * 1000
    try hold(
      reread.lastRunAt?.microseconds == expectedDue,
      "the due time \(due.microseconds) is read back as \(reread.lastRunAt?.microseconds ?? 0)")
  }

  /// The document's bytes without some ranges. Each range leaves a byte that no document holds; empty ranges side by
  /// side leave one.
  private static func pieces(of layout: DocumentLayout, without ranges: [Range<Int>]) -> [UInt8] {
    var result: [UInt8] = []
    var start = 0
    for range in ranges.sorted(by: { ($0.lowerBound, $0.upperBound) < ($1.lowerBound, $1.upperBound) }) {
      result += layout.bytes[start..<max(start, range.lowerBound)]
      if result.last != 0 { result.append(0) }
      start = max(start, range.upperBound)
    }
    return result + layout.bytes[start...]
  }
}
