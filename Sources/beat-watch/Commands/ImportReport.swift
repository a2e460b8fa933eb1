import BeatCore
import ReactiveBeat

/// What an import did, or would do: lines for users, or one JSON object for each schedule.
struct ImportReport: ~Copyable {
  private let isDryRun: Bool
  private let isJSON: Bool
  private let now: UnixTime
  private let context: DocumentContext
  private let terms: any StoreTerms
  private var output: StandardOutput
  private var counts: [WriteOutcome: Int] = [:]
  private(set) var refused = 0
  /// The notes, each once. Many schedules may have the same note, of which the first few names are kept.
  private var notes: [Note] = []

  private struct Note {
    let text: String
    var names: [EntryName]
    var count = 1
  }

  init(isDryRun: Bool, isJSON: Bool, now: UnixTime, context: DocumentContext, terms: any StoreTerms) {
    self.isDryRun = isDryRun
    self.isJSON = isJSON
    output = StandardOutput(indent: isJSON ? nil : 2)
    self.now = now
    self.context = context
    self.terms = terms
  }

  /// How many schedules stay unwritten because another document, or a key of another type, has their name.
  var inTheWay: Int { (counts[.differs] ?? 0) + (counts[.wrongType] ?? 0) }

  /// Whether a schedule was written, would be written, or is stored already, so that the report promises its runs.
  var promises: Bool { [.created, .replaced, .same].contains { (counts[$0] ?? 0) > 0 } }

  /// How many documents another client has changed between the look and the write.
  var changed: Int { counts[.changed] ?? 0 }

  /// Prints what is known so far, so that it stands before what others print on standard error.
  mutating func flush() { output.flush() }

  mutating func refuse(_ schedule: ImportedSchedule) {
    refused += 1
    let problem = schedule.problem ?? "has no document"
    guard isJSON else { return output.put("\(Style.red("cannot come")) \(label(schedule.name)): \(problem)") }
    put([("name", .text(schedule.name.description)), ("outcome", .text("refused")), ("problem", .text(problem))])
  }

  mutating func add(_ schedule: ImportedSchedule, _ outcome: WriteOutcome) {
    counts[outcome, default: 0] += 1
    guard !isJSON else {
      return put([
        ("name", .text(schedule.name.description)), ("outcome", .text(outcome.word)),
        ("next", .text(preview(schedule).next?.due.iso8601)),
        ("notes", .texts(schedule.notes)),
      ])
    }
    for note in schedule.notes { add(note, of: schedule.name) }
    let name = label(schedule.name)
    switch outcome {
    case .differs: output.put("\(Style.yellow("differs")) \(name): another document stands there, and stays")
    case .wrongType:
      output.put("\(Style.yellow("in the way")) \(name): its \(terms.item) \(terms.isForeign), and stays")
    case .changed:
      output.put(
        "\(Style.yellow("changed meanwhile")) \(name): by somebody else, and theirs stays: look at it, and import again"
      )
    case .created, .replaced, .same:
      if isDryRun { output.put("\(outcome.style(outcome.word)) \(name): \(describe(schedule))") }
    }
  }

  private mutating func put(_ members: [(String, JSONOutput)]) { output.put(JSONOutput.object(members).line) }

  private mutating func add(_ note: String, of name: EntryName) {
    guard let index = notes.firstIndex(where: { $0.text == note }) else {
      // Each schedule may have notes of its own. Beyond 200 different ones no more are kept.
      if notes.count < 200 { notes.append(Note(text: note, names: [name])) }
      return
    }
    notes[index].count += 1
    if notes[index].names.count < 5 { notes[index].names.append(name) }
  }

  /// Writes the notes and the totals.
  mutating func finish(isInterrupted: Bool = false) {
    guard !isJSON else { return output.flush() }
    for note in notes {
      let names = note.names.map { label($0) }.joined(separator: ", ")
      let others = note.count > note.names.count ? " and \(note.count - note.names.count) more" : ""
      output.put("\(Style.cyan("note")) \(names)\(others): \(note.text)")
    }
    output.put(sum + (isInterrupted ? "; interrupted: the same command goes on where it ended" : ""))
    output.flush()
  }

  private var sum: String {
    var parts = ["\(counts[.created] ?? 0) \(isDryRun ? "would be written" : "written")"]
    if let count = counts[.replaced] { parts.append("\(count) \(isDryRun ? "would be replaced" : "replaced")") }
    if let count = counts[.same] { parts.append("\(count) there already") }
    if let count = counts[.differs] {
      parts.append(
        "\(Plural.of(count, "differs and stays", "differ and stay")) (--replace overwrites \(Plural.word(count, "it", "them")))"
      )
    }
    if let count = counts[.wrongType] { parts.append("\(count) blocked by \(terms.foreignItems)") }
    if changed > 0 { parts.append("\(changed) changed meanwhile and \(Plural.word(changed, "stays", "stay"))") }
    if refused > 0 { parts.append("\(refused) cannot come") }
    return parts.joined(separator: ", ")
  }

  private func label(_ name: EntryName) -> String { name.bytes.isEmpty ? "(no name)" : Style.bold(name.description) }

  private func describe(_ schedule: ImportedSchedule) -> String {
    let preview = preview(schedule)
    guard let task = preview.task, let timing = preview.schedule else {
      return Plural.of(schedule.document.count, "byte")
    }
    let words = "\(task.beginning(Limit.quotationLength.most).printable), \(timing.inWords)"
    guard preview.state == .enabled else {
      return "\(words), \(preview.state.word)" + (preview.state.reason.map { ": \($0.printable)" } ?? "")
    }
    guard let next = preview.next?.due else { return "\(words), does not come again" }
    if next <= now.advanced(by: 1) {
      return preview.isImmediate ? "\(words), at once" : "\(words), due since \(next.iso8601)"
    }
    return "\(words), next \(next.iso8601)"
  }

  /// The schedule's next runs for a daemon that starts now. The last run that the source knows counts.
  private func preview(_ schedule: ImportedSchedule) -> SchedulePreview {
    let read = Scheduler.DocumentRead(.document(schedule.document), watermark: nil)
    return SchedulePreview(schedule.name, read, context: context, now: now)
  }
}

extension WriteOutcome {
  fileprivate var word: String {
    switch self {
    case .created: "new"
    case .replaced: "replaces"
    case .same: "same"
    case .differs: "differs"
    case .wrongType: "wrong_type"
    case .changed: "changed"
    }
  }

  fileprivate var style: Style {
    switch self {
    case .created: .green
    case .same: .faint
    case .replaced, .differs, .wrongType, .changed: .yellow
    }
  }
}
