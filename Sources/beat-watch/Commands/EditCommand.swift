import ArgumentParser
import BeatCore
import ReactiveBeat

/// `beat-watch edit`: opens a document in an editor.
struct EditCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "edit",
    abstract: "Opens a schedule's document in an editor.",
    discussion: """
      In $VISUAL or $EDITOR, else vi. What you save is checked, and stored only if nobody else has changed the document \
      meanwhile. Runs of that time are no conflict: their last_run_at and total_run_count are taken in. After a mistake \
      it asks whether to edit again; text that could not be stored is kept, and it says where. SIGTERM and SIGHUP end \
      the editor, too, and the text goes.

      Ends with status 65 if the text cannot be used, 66 if there is no such schedule, 75 if somebody else has changed \
      it meanwhile, 1 if the editor failed, 74 if its file cannot be written.
      """)

  @Argument(help: "Its name, or a glob that means one.", completion: .scheduleNames)
  var name: String

  @OptionGroup var store: StoreOptions

  func run() throws {
    let given = try store.documents()
    let client = try store.connect()
    let context = try store.documents(given, on: client)
    let document = try client.document(try ScheduleSelection([name]).name(in: client))
    try ScheduleChange.refuseUnread(document.name)
    guard let before = try ScheduleChange.bytes(of: document, in: client) else { return }
    // The connection is closed while the user edits: a server may close an idle connection, and nothing is needed from
    // it.
    client.close()

    let session = try EditorSession(before, name: document.name)
    let saved: (report: ChangeReport, client: any StoreEditor)?
    do { saved = try edit(session, document, before, context) } catch {
      session.end()
      throw error
    }
    // The file is removed first: a failure to write the output ends the process.
    session.file.remove()
    var output = StandardOutput()
    if let saved { saved.report.write(to: &output, count: 1) } else { output.put("unchanged \(document.name)") }
    output.flush()
    session.end()
    if let saved, saved.report.preview.next != nil { HealthNote.write(saved.client) }
  }

  /// Edits until the document is stored; nil if nothing was changed.
  private func edit(
    _ session: EditorSession, _ document: StoredDocument, _ before: [UInt8], _ context: DocumentContext
  ) throws -> (ChangeReport, any StoreEditor)? {
    while true {
      try session.edit()
      let text = try session.file.read()
      do {
        if text == before { return nil }
        try Self.check(text, document.name, context)
        let client = try store.connect()
        return (try save(text, over: document, before, in: client, context: context), client)
      } catch {
        if let error = CommandError.of(error) {
          StandardError.write(line: "beat-watch: \(error)")
          if error.status == .data, session.wantsAnother() { continue }
          StandardError.write(line: "beat-watch: nothing was stored; \(session.whereabouts())")
          throw error.status
        }
        StandardError.write(line: "beat-watch: nothing is known to be stored; \(session.whereabouts())")
        throw error
      }
    }
  }

  /// Says everything that keeps the text from being a schedule, and throws if there is anything.
  static func check(_ text: [UInt8], _ name: EntryName, _ context: DocumentContext) throws {
    let remarks = DocumentReview(text, context: context, now: SystemClock.now()).remarks.filter { $0.level == .error }
    guard !remarks.isEmpty else { return }
    for remark in remarks.dropLast() { StandardError.write(line: "beat-watch: \(name), \(remark.inWords)") }
    throw CommandError(.data, "\(name), \(remarks[remarks.count - 1].inWords)")
  }

  private func save(
    _ text: [UInt8], over document: StoredDocument, _ before: [UInt8], in client: any StoreEditor,
    context: DocumentContext
  ) throws -> ChangeReport {
    do {
      let change = try EditedDocument.save(over: document, in: client, context: context) { now in
        guard Bookkeeping.isAllThatChanged(from: before, to: now) else { return nil }
        return Bookkeeping.carried(from: before, to: now, into: text)
      }
      var trail = EditTrail()
      trail.add(change)
      trail.write(to: client)
      return try ChangeReport(change, in: client, context: context)
    } catch let conflict as EditedDocument.Conflict {
      switch conflict {
      case .deleted: throw CommandError(.conflict, "\(document.name): somebody else has deleted it meanwhile")
      case .changed: throw CommandError(.conflict, "\(document.name): somebody else has changed it meanwhile")
      case .restless: throw CommandError(.conflict, "\(document.name) runs all the time: disable it first")
      }
    }
  }
}
