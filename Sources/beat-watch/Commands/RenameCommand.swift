import ArgumentParser
import BeatCore
import ReactiveBeat

/// `beat-watch rename`: gives a schedule another name.
struct RenameCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rename",
    abstract: "Gives a schedule another name.",
    discussion: """
      In one step with what the daemons remember of it: nothing runs again, and nothing is postponed. The document \
      stays as it is, its field name included; `set --label` changes that.

      Ends with status 66 if there is no such schedule, 73 if the new name is taken, 65 if a key of \
      another Redis type stands there.
      """)

  @Argument(help: "Its name.", completion: .scheduleNames)
  var name: String

  @Argument(help: "The new name.")
  var newName: String

  @OptionGroup var store: StoreOptions

  func run() throws {
    let client = try store.connect()
    let old = try ScheduleSelection.newName(name, in: client)
    let new = try ScheduleSelection.newName(newName, in: client)
    switch try client.rename(old, to: new) {
    case .renamed: break
    case .gone: throw ScheduleSelection.missing(NamePattern(old), in: client)
    case .exists:
      throw CommandError(.exists, "\(new) is there already: nothing was renamed; choose another name, or rm it")
    case .unusable(let content):
      throw CommandError(
        .data, "\(EntryName(client.place(of: old))) \(content.problem)")
    }
    var trail = EditTrail(.rename)
    trail.add(old, to: new)
    trail.write(to: client)
    var output = StandardOutput()
    output.put("renamed \(old) to \(new)")
    output.flush()
    HealthNote.write(client)
  }
}
