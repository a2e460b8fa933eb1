import ArgumentParser
import BeatCore
import ReactiveBeat

/// `beat-watch explain`: why a schedule will run, did run, or did not.
struct ExplainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract: "Says why a schedule will run, did run, or did not.",
    discussion: """
      From the document to the due time, and from there to the queue: what was understood, from what it is counted, what \
      bounds it, who would send it, what the daemon said of the last edit, and what became of the last run.

      Why did it not run on Sunday at half past two?
        beat-watch explain nightly \\
          --at 2026-03-29T02:30:00+01:00

      It goes by today's document; what another document said then is not known. Ends with status 66 if there is no \
      such schedule, 64 if a glob means several.
      """)

  @Argument(help: "Its name, or a glob that means one.", completion: .scheduleNames)
  var name: String

  @Option(help: "Was it due, or will it be, at this time, in ISO 8601; UTC if it has no offset.")
  var at: String?

  @Flag(help: "One JSON object.")
  var json = false

  @OptionGroup var store: StoreOptions

  func run() throws {
    let time = try at.map { try TimeArgument.instant("--at", $0) }
    let given = try store.documents()
    let client = try store.connect()
    let context = try store.documents(given, on: client)
    let name = try existing(client)
    let explanation = Explanation(
      try Evidence(
        of: name, client, context: context, defaultQueue: store.queue(), broker: store.brokerInspector(),
        options: store.judging(context)))
    if let time { try explanation.explain(time, client) } else { explanation.explain() }
    var output = StandardOutput()
    if json {
      output.put(JSONOutput.object(explanation.members).line)
    } else {
      for line in explanation.lines { output.put(line, indent: 11) }
    }
    output.flush()
  }

  private func existing(_ client: any StoreInspector) throws -> EntryName {
    do { return try ScheduleSelection([name]).name(in: client) } catch let error as CommandError {
      let literal = NamePattern(name).literal
      guard error.status == .missing,
        let watermark = try client.document(literal).watermark
      else { throw error }
      let trace =
        watermark.taskID == nil ? "was first seen at \(watermark.due.iso8601)" : "last ran at \(watermark.due.iso8601)"
      throw CommandError(.missing, "\(error.description) One of that name \(trace), and is gone")
    }
  }
}
