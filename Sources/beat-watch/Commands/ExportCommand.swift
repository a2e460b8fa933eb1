import ArgumentParser
import BeatCore
import ReactiveBeat

/// `beat-watch export`: documents as lines that `import` reads back to the same bytes.
struct ExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Prints schedules as lines that import reads back to the same bytes, or as a crontab for people.",
    discussion: """
      One JSON object a line, in the order of the names: {"key": "report", "document": {…}}. The key is what follows \
      the prefix, so an export can be imported under another one. A document that is not JSON on one line comes as \
      "text", and what is no UTF-8 in Base64.

      A schedule that changes meanwhile comes as it was before or after. These are left out, and told: a key that holds \
      another Redis type, and a document in MongoDB with arguments that are no JSON.

      Ends with status 66 if a name or a glob means no schedule.
      """)

  @Argument(help: "Names, or globs such as 'mail*'. (default: all)", completion: .scheduleNames)
  var names: [String] = []

  @Flag(help: "Lines of a crontab, to be read by people.")
  var crontab = false

  @OptionGroup var store: StoreOptions

  func run() throws {
    let given = try store.documents()
    let client = try store.connect()
    let context = try store.documents(given, on: client)
    defer { client.close() }
    let chosen = names.isEmpty ? try client.names() : try ScheduleSelection(names).names(in: client)

    var output = StandardOutput()
    var progress = Progress("exported")
    if crontab { output.put("# minute hour day_of_month month day_of_week  task  # name, zone") }
    for start in stride(from: 0, to: chosen.count, by: StorePage.most) {
      let page = Array(chosen[start..<min(start + StorePage.most, chosen.count)])
      let contents = try client.contents(page) {
        let place = EntryName(client.place(of: $0))
        StandardError.write(line: "beat-watch: \(place) \($1.problem); it is left out".printable)
      }
      for (name, content) in zip(page, contents) {
        guard let content else { continue }
        if crontab {
          output.put(CrontabListing.line(name, content, context))
        } else {
          output.put(bytes: ExportLine.text(name, content) + [UInt8(ascii: "\n")])
        }
      }
      progress.show(start + page.count, of: chosen.count)
    }
    progress.end()
    output.flush()
  }
}

/// A schedule as a line of a crontab. Intervals and single times, which cron does not know, follow an @.
private enum CrontabListing {
  static func line(_ name: EntryName, _ bytes: [UInt8], _ context: DocumentContext) -> String {
    if let problem = ScheduleSelection.problem(of: name) { return "# set aside: \(problem)" }
    let document: ScheduleDocument
    do throws(DocumentProblem) { document = try ScheduleDocument(bytes, context: context) } catch {
      return "# set aside: \(name): \(error)"
    }
    let definition = document.definition
    let fields = definition.schedule.cronFields
    let time = fields ?? "@" + definition.schedule.inWords
    let zone = fields == nil ? "" : definition.schedule.zone.map { ", \($0.name)" } ?? ""
    let line = "\(time)  \(definition.task.printable)  # \(name)\(zone)"
    return definition.enabled ? line : "# disabled: \(line)"
  }
}
