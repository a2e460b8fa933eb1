import BeatCore
import ReactiveBeat

extension ImportCommand {
  /// What became of the application's manifest.
  enum Manifest {
    case published
    /// Another application's manifest is there, and stays.
    case inTheWay
  }

  /// Stores what the application says of its tasks, for schedules that do not say it themselves, and tells it on
  /// standard error: it concerns no single schedule.
  ///
  /// - Parameter imported: what is written, or would be. The manifest covers the tasks of all stored schedules, too.
  func publishManifest(
    of application: CeleryApplication, _ imported: [ImportedSchedule], to client: any StoreEditor
  ) throws -> Manifest {
    let tasks = try Self.tasks(of: imported.map(\.document), storedIn: client)
    let bytes = try application.manifest(tasks: tasks)
    let layout = try DocumentLayout(bytes)
    let name = layout.text("application") ?? ""
    let count = layout.object("tasks")?.members.count ?? 0
    // Another client may publish in the same moment: then its manifest is looked at, and the storing tried again.
    for _ in 0..<20 {
      let stored = try client.application()
      if !replace, let stored, let problem = ManifestReplacement.problem(with: name, inPlaceOf: stored, client.terms) {
        StandardError.write(line: "beat-watch: the manifest is not published: \(problem) (--replace)".printable)
        return .inTheWay
      }
      guard try dryRun || client.publishApplication(bytes, inPlaceOf: stored) else { continue }
      StandardError.write(
        line: "beat-watch: \(dryRun ? "would publish" : "published") what the application \(name) says of its "
          + "\(Plural.of(count, "task")): schedules go by it for what they do not say".printable)
      return .published
    }
    throw CommandError(.conflict, "others write the application's manifest without a pause: import again")
  }

  private static func tasks(of documents: [[UInt8]], storedIn client: any StoreEditor) throws -> Set<String> {
    var tasks: Set<String> = []
    func take(_ document: [UInt8]) {
      guard let task = (try? DocumentLayout(document))?.text("task") else { return }
      tasks.insert(task)
    }
    documents.forEach(take)
    let names = try client.names()
    for start in stride(from: 0, to: names.count, by: StorePage.most) {
      let page = Array(names[start..<min(start + StorePage.most, names.count)])
      for case let document? in try client.contents(page, skipped: { _, _ in }) { take(document) }
    }
    return tasks
  }
}
