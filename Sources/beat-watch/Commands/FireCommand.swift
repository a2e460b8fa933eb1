import ArgumentParser
import BeatCore
import ReactiveBeat

/// `beat-watch fire`: sends a schedule's task once, now.
struct FireCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fire",
    abstract: "Lets the daemon send a schedule's task now, once.",
    discussion: """
      It is sent beside the schedule, which stays as it is: its due times, last_run_at and count. What is disabled, or \
      has come to its end, is sent, too. Nothing is sent after the timeout, and nothing twice.

      Ctrl-C and SIGTERM take the request back, unless a daemon has it already; it says which of both.

      Ends with status 0 when the message is on its queue, 66 if there is no such schedule, 69 if no daemon has \
      answered, 78 if the daemon could not (with --print 65), 130 or 143 (in a shell) after Ctrl-C or SIGTERM.
      """)

  @Argument(help: "The schedule's name, or a glob that means one.", completion: .scheduleNames)
  var name: String

  @Flag(help: "Shows the message that would be sent, and its queue, and sends nothing. Needs no daemon.")
  var print = false

  @Option(help: "How long to wait for a daemon: 500ms to 1h.")
  var timeout = "10s"

  @Flag(help: "One JSON object.")
  var json = false

  @OptionGroup var store: StoreOptions

  func run() throws {
    let timeout = try TimeArgument.limit("--timeout", timeout, in: 500_000...3_600_000_000)
    let loop = try EventLoop()
    let client = try store.connect(on: loop)
    let name = try ScheduleSelection([name]).name(in: client)
    if print { return try printMessage(of: name, client) }
    // No daemon reads such a name, so that none can be asked to fire it.
    if let problem = ScheduleSelection.problem(of: name) {
      throw CommandError(.configuration, "it was not fired: \(problem)")
    }

    let interruption = try WaitInterruption(on: loop)
    do {
      try tell(ask(for: name, client, within: timeout, interruption), name, client, within: timeout, interruption)
    } catch let error as CommandError where interruption.isWanted {
      StandardError.write(line: "beat-watch: \(error)")
    }
    interruption.follow()
  }

  private func tell(
    _ answer: ManualAnswer, _ name: EntryName, _ client: any StoreEditor, within timeout: Int64,
    _ interruption: WaitInterruption
  ) throws {
    let cut = Cut.argument("\(name)")
    switch answer {
    case .fired(let id):
      var trail = EditTrail(.run)
      trail.add(name, note: "task \(id)")
      trail.write(to: client)
      var output = StandardOutput()
      output.put(
        json
          ? JSONOutput.object([("name", .text(name.description)), ("id", .text(id))]).line
          : "\(Style.green("fired")) \(name)  \(id)")
      output.flush()
      if interruption.isWanted {
        StandardError.write(line: "beat-watch: interrupted, and \(cut) was fired: a daemon had the request already")
      }
    case .refused(let reason): throw CommandError(.configuration, "\(cut) was not fired: \(reason)")
    case .late, .unanswered:
      if interruption.isWanted {
        throw CommandError(.unavailable, "\(cut) was not fired: interrupted, and the request is taken back")
      }
      throw CommandError(
        .unavailable,
        "\(cut) was not fired: no daemon answered within \(TimeText.span(timeout)), and the request is taken back; "
          + (try Self.whoFires(client)))
    }
  }

  private func ask(
    for name: EntryName, _ client: any StoreEditor, within timeout: Int64, _ interruption: WaitInterruption
  ) throws -> ManualAnswer {
    do {
      return try client.fire(name, within: timeout) { interruption.look() }
    } catch {
      guard error.kind == .unreachable || interruption.isWanted else { throw error }
      throw CommandError(
        error.exitStatus,
        "\(error.message); whether \(Cut.argument("\(name)")) has been fired, "
          + "`\(ShellWords.command("history", name))` will tell")
    }
  }

  /// Why no daemon has answered.
  static func whoFires(_ client: any StoreInspector) throws -> String {
    let (health, now) = try (client.health(), client.time())
    if let alarm = HealthWords.alarm(health, now: now, client.terms) { return alarm }
    let daemon = try client.fleet().firing.first
    let place = daemon?.place ?? "?"
    if let lack = daemon?.record?.firing?.lacks { return "the daemon that fires (\(place)) says: \(lack)" }
    return "the daemon that fires (\(place)) is there, but does not hear it: see its log"
  }

  private func printMessage(of name: EntryName, _ client: any StoreEditor) throws {
    let preview = try client.preview(
      client.document(name), context: store.documents(store.documents(), on: client), defaultQueue: store.queue())
    guard case .success(let plan) = preview else {
      if case .failure(let problem) = preview {
        throw CommandError(.data, "\(Cut.argument("\(name)")) cannot be fired: \(problem)")
      }
      return
    }
    let broker = try store.brokerInspector()
    let target = try broker.target(of: plan.route)
    let places = target.queues.map { broker.place(of: $0, priority: plan.priority) }
    var output = StandardOutput()
    if json {
      output.put(
        JSONOutput.object([
          ("name", .text(name.description)), ("broker", .text(broker.name)),
          ("queues", .texts(places.map { String(decoding: $0, as: UTF8.self) })), ("message", .raw(plan.message)),
        ]).line)
    } else {
      switch target {
      case .queues([]): output.put("no queue: nothing is bound to \(plan.route); it would be refused")
      case .queues: break
      case .exchange: output.put("\(Style.bold("exchange \(plan.route.name)"))  on \(broker.name)", indent: 2)
      case .nowhere(let problem, _): output.put("nowhere: \(problem)")
      }
      for place in places { output.put("\(Style.bold(broker.command(for: place)))  on \(broker.name)", indent: 2) }
      output.put(JSONLine.printable(String(decoding: plan.message, as: UTF8.self)))
    }
    output.flush()
  }
}
