import ArgumentParser
import BeatCore
import Glibc
import ReactiveBeat

/// `beat-watch rm`: deletes schedules.
struct RemoveCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rm",
    abstract: "Deletes schedules.",
    discussion: """
      It shows what it would delete and asks; with --yes, or in a pipe with --yes only, it does not. A schedule that \
      somebody has changed between the look and the answer stays. Keep copies with `beat-watch show --raw`.

      Ends with status 66 if a name or a glob means no schedule, 75 if one was changed meanwhile, 65 \
      if a key holds another Redis type, 1 if the answer was no.
      """)

  @Argument(help: "Names, or globs as Redis understands them: * ? [a-c].", completion: .scheduleNames)
  var names: [String]

  @Flag(name: [.short, .long], help: "Do not ask.")
  var yes = false

  @Flag(help: "Delete nothing, and show what would be deleted.")
  var dryRun = false

  @Flag(help: "One JSON array of the names that were deleted.")
  var json = false

  @OptionGroup var store: StoreOptions

  func run() throws {
    let client = try store.connect()
    let documents = try client.documents(try ScheduleSelection(names).names(in: client))
    if !yes, !dryRun { try ask(documents) }
    var batch = CommandBatch()
    var removed: [EntryName] = []
    var trail = EditTrail(.delete)
    do {
      // Before the output: a reader of it that goes away ends the process.
      defer { trail.write(to: client) }
      for document in documents {
        try batch.attempt {
          if dryRun {
            _ = try ScheduleChange.bytes(of: document, in: client)
          } else {
            trail.add(document.name, before: try ScheduleRemoval.remove(document, in: client))
          }
          removed.append(document.name)
        }
      }
    }
    var output = StandardOutput()
    if json {
      output.put(JSONOutput.texts(removed.map { "\($0)" }).line)
    } else {
      for name in removed { output.put(dryRun ? "would be deleted: \(name)" : "deleted \(name)") }
    }
    output.flush()
    try batch.finish()
  }

  private func ask(_ documents: [StoredDocument]) throws {
    guard Terminal.isInteractive else {
      throw ValidationError(
        "rm: this deletes \(Plural.of(documents.count, "schedule")) and nobody can be asked: say --yes")
    }
    for document in documents.prefix(20) { StandardError.write(line: "  \(document.name)") }
    if documents.count > 20 { StandardError.write(line: "  … and \(documents.count - 20) more") }
    let what = documents.count == 1 ? "it" : "these \(Plural.of(documents.count, "schedule"))"
    guard Terminal.confirm("Delete \(what)? [y/N] ", default: false) else { throw ExitCode.found }
  }
}
