import ArgumentParser
import BeatCore
import ReactiveBeat

/// `beat-watch show`: shows one schedule as it was understood.
struct ShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Shows a schedule: its document, what was understood of it, and its next runs.",
    discussion: """
      With --raw the document itself, to the byte: to keep a copy, or to pass it on.

      Ends with status 66 if there is no such schedule, 64 if a glob means several, 65 with --raw if none can be \
      read.
      """)

  @Argument(help: "Its name, or a glob that means one.", completion: .scheduleNames)
  var name: String

  @Option(help: "How many of the next runs to show, 0 to 1000.")
  var count = 5

  @Flag(help: "One JSON object.")
  var json = false

  @Flag(help: "Only the document, to the byte.")
  var raw = false

  @OptionGroup var store: StoreOptions

  func run() throws {
    guard (0...1000).contains(count) else { throw ValidationError("--count: \(count) is not in 0 to 1000") }
    let given = try store.documents()
    let client = try store.connect()
    let context = try store.documents(given, on: client)
    let document = try client.document(try ScheduleSelection([name]).name(in: client))
    let now = try client.time()
    let preview = SchedulePreview(document.name, document.read, context: context, now: now)
    var output = StandardOutput()
    if raw {
      guard let bytes = document.bytes else { throw CommandError(.data, "\(document.name): \(reason(preview))") }
      output.put(bytes: bytes)
    } else if json {
      output.put(
        Self.json(
          document, preview, next: preview.upcoming(count), place: client.place(of: document.name), context
        ).line)
    } else {
      write(
        document, preview, now: now, place: client.place(of: document.name), item: client.terms.item, context,
        to: &output)
    }
    output.flush()
    if !raw, count > 0, preview.next != nil {
      var due = DueSurvey()
      due.add(preview)
      HealthNote.write(client, due: due)
    }
  }

  private func reason(_ preview: SchedulePreview) -> String { preview.state.reason ?? "there is no document" }

  private static func json(
    _ document: StoredDocument, _ preview: SchedulePreview, next: [SchedulePreview.Occurrence], place: [UInt8],
    _ context: DocumentContext
  ) -> JSONOutput {
    // A document in the mongo shell's form is no JSON, so that it is shown as text.
    let text = document.bytes.map { String(decoding: $0, as: UTF8.self) }
    let raw = document.bytes.flatMap { StrictJSON.oneLine($0) }
    return .object(
      [("name", .text("\(preview.name)")), ("key", .text("\(EntryName(place))"))] + preview.members + [
        ("next", .list(next.map { .text($0.due.iso8601) })),
        ("sent", .list(next.map { .text($0.sent.iso8601) })),
        ("last_run", .text(preview.lastRun?.iso8601)),
        ("last_task_id", .text(document.watermark?.taskID?.description)),
        ("total_run_count", .integer(preview.totalRunCount)),
        ("warnings", .texts(preview.warnings)),
        ("sending", SendingWords.json(document, context)),
        ("document", raw.map { .raw($0) } ?? .text(text)),
      ])
  }

  private func write(
    _ document: StoredDocument, _ preview: SchedulePreview, now: UnixTime, place: [UInt8], item: String,
    _ context: DocumentContext, to output: inout StandardOutput
  ) {
    let zone = preview.zone ?? .utc
    func field(_ title: String, _ text: String, _ style: Style? = nil) {
      let padded = title + String(repeating: " ", count: max(1, 12 - title.count))
      output.put(Style.faint(padded) + (style?(text) ?? text), indent: 12)
    }
    output.put(Style.bold("\(preview.name)"), indent: 0)
    field(item, "\(EntryName(place))")
    if let label = preview.label { field("label", label.printable) }
    if let task = preview.task { field("task", task.printable) }
    if let schedule = preview.schedule { field("schedule", schedule.inWords) }
    for (index, line) in SendingWords.lines(document, context).enumerated() {
      field(index == 0 ? "sent with" : "", line.printable)
    }
    field(
      "state", preview.state.word + (preview.state.reason.map { ": \($0.printable)" } ?? ""), preview.state.style)
    for warning in preview.warnings { field("warning", warning.printable, .yellow) }
    let last = preview.lastRun.map { TimeWords.date($0, in: zone) + "  " + TimeWords.distance(to: $0, from: now) }
    field("last run", last ?? "never")
    if let id = document.watermark?.taskID { field("its task id", "\(id)") }
    field("runs", "\(preview.totalRunCount)")
    let next = preview.upcoming(count)
    if next.isEmpty, count > 0 { field("next runs", "none") }
    for (index, occurrence) in next.enumerated() {
      field(index == 0 ? "next runs" : "", OccurrenceWords.line(occurrence, in: zone, now: now))
    }
    if let bytes = document.bytes {
      output.put("")
      output.put(Terminal.safe(String(decoding: bytes, as: UTF8.self)))
    }
  }
}
