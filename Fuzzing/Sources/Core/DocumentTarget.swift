import BeatRedis

@testable import BeatCore

extension FuzzTarget {
  /// A schedule document: its meaning, its due times, its message, and the bookkeeping that is written back.
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
      try holdMessage(bytes)
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

  // MARK: the message

  private static func holdMessage(_ bytes: [UInt8]) throws {
    let layout = try DocumentLayout(bytes)
    var reader = DocumentReader(layout: layout, context: FuzzZones.context)
    let (task, options) = try reader.sending()
    func prepared(_ id: String) -> any PreparedMessage {
      KombuRedisEnvelope().prepare(
        TaskMessage(
          task: task, id: TaskID(text: id), options: options, route: Route(options, defaultQueue: "celery"),
          layout: layout, origin: "gen1@host", replyTo: "reply", now: times[0]))
    }
    let (one, other) = ("5f8bd2a1-8f0c-5d5e-9f3a-0c1d2e3f4a5b", "0c1d2e3f-4a5b-5d5e-9f3a-5f8bd2a18f0c")
    let message = prepared(one).bytes
    try hold(
      prepared(other).bytes == prepared(one).bytes(for: TaskID(text: other)),
      "the message for another task differs in more than its id")
    let (members, _) = try JSONScanner.document(message)
    try hold(
      members.map(\.key) == ["body", "content-encoding", "content-type", "headers", "properties"],
      "the message has the members \(members.map(\.key))")
    try hold(!members.contains { $0.value.holdsShellCall }, "the message holds a constructor of the mongo shell")
    for header in JSONScanner.members(of: members[3].value, in: message)
    where header.key == "argsrepr" || header.key == "kwargsrepr" {
      // A repr has at most 1,024 characters, each of which may be an escaped quote, and the ends of its containers.
      guard let repr = JSONScanner.text(of: header.value, in: message), repr.unicodeScalars.count <= 2_100 else {
        throw BrokenProperty("the \(header.key) is no text, or too long")
      }
    }
    guard let text = JSONScanner.text(of: members[0].value, in: message), let body = decodedBase64(text) else {
      throw BrokenProperty("the message's body is no base64 text")
    }
    let args = layout["args"].map { bytes[$0.range] } ?? ArraySlice("[]".utf8)
    let kwargs = layout["kwargs"].map { bytes[$0.range] } ?? ArraySlice("{}".utf8)
    let start = Array("[".utf8) + args + Array(", ".utf8) + kwargs + Array(", {".utf8)
    try hold(body.starts(with: start), "the body has other arguments than the document")
    let (wrapped, _) = try JSONScanner.document(Array(#"{"body": "#.utf8) + body + Array("}".utf8))
    try hold(
      JSONScanner.items(of: wrapped[0].value, in: Array(#"{"body": "#.utf8) + body + Array("}".utf8)).count == 3,
      "the body has not three parts")
  }

  private static func decodedBase64(_ text: String) -> [UInt8]? {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    var values = [UInt8?](repeating: nil, count: 256)
    for (value, letter) in alphabet.enumerated() { values[Int(letter)] = UInt8(value) }
    var bytes: [UInt8] = []
    var (bits, count) = (UInt32(0), 0)
    for letter in text.utf8 where letter != 0x3D {
      guard let value = values[Int(letter)] else { return nil }
      bits = bits << 6 | UInt32(value)
      count += 6
      if count >= 8 {
        count -= 8
        bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
      }
    }
    return bytes
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
