/// What a Celery application says of its tasks: where and how it sends each of them. The manifest is kept beside the
/// documents, and says what they leave out.
///
/// The application's Python makes it (`application.py`), since only Celery knows its routers and the options of its
/// tasks. It is one JSON object:
///
///     {"version": 1, "application": "proj", "published_at": "2026-11-27T12:00:00Z", "published_by": "host",
///      "celery": "5.7.0", "timezone": "Europe/Berlin", "transport_options": {…}, "routers": ["proj.routes.route"],
///      "queue_declaration": "quorum", "default": {"queue": "celery"},
///      "tasks": {"proj.report": {"queue": "reports", "priority": 3, "from": {"queue": "routes", "priority": "task"}}}}
///
/// Members that are not known are ignored, so that a newer package can say more. A manifest never changes: it is a class
/// so that the context of each reader holds one reference to it.
package final class ApplicationManifest: Sendable {
  /// The newest form that is understood.
  static let version: Int64 = 1

  /// What to do where the manifest is gone, as after FLUSHALL.
  package static let remedy =
    "`python -m reactivebeat publish -A APPLICATION` brings it and the schedules of the code back"

  /// The application's name.
  package let name: String
  /// When and on which host it was published.
  package let publishedAt: UnixTime?
  package let publishedBy: String?
  /// The version of the application's Celery.
  package let celery: String?
  /// The zone of crontabs that name none; nil: the application's zone has no name.
  package let timezone: String?
  /// The JSON object of the options that decide where the workers' messages lie; nil: none is known.
  package let transportOptions: [UInt8]?
  /// The routers that are functions. They may answer otherwise for other arguments.
  package let routers: [String]
  /// How the application's workers declare a queue of which nothing else is said, in the words of `--broker-declare`; nil:
  /// it does not say. Only brokers whose queues are declared have a use for it.
  package let queueDeclaration: String?
  /// What Celery does with a task that the application does not have.
  package let fallback: ApplicationTask
  package let tasks: [String: ApplicationTask]

  /// - Parameter context: the rules for queues' names, and the zones. Its own manifest does not count.
  ///
  /// What is wrong with one task harms only the documents of that task.
  ///
  /// Throws: what is wrong, where, and what to do.
  package init(_ bytes: [UInt8], context: DocumentContext) throws(DocumentProblem) {
    guard !Limit.manifestLength.isExceeded(by: bytes.count) else {
      throw DocumentProblem("", Limit.manifestLength.excess(bytes.count))
    }
    let layout: DocumentLayout
    do { layout = try DocumentLayout(bytes) } catch { throw DocumentProblem(error, in: bytes) }
    guard let version = layout.number("version")?.integer else {
      throw DocumentProblem("version", "is missing; publish it with python -m reactivebeat publish")
    }
    guard version == Self.version else {
      throw DocumentProblem("version", found: "\(version)", "this beat-watch understands \(Self.version): upgrade it")
    }
    name = layout.text("application") ?? ""
    publishedAt = layout.text("published_at").flatMap { UnixTime(iso8601: $0) }
    publishedBy = layout.text("published_by")
    celery = layout.text("celery")
    timezone = try Self.zone(layout, context)
    transportOptions = layout["transport_options"].flatMap { $0.kind == .object ? Array(bytes[$0.range]) : nil }
    routers = Self.texts(layout, "routers")
    queueDeclaration = layout.text("queue_declaration")
    fallback = layout["default"].map { ApplicationTask($0, in: bytes, path: "default", context) } ?? ApplicationTask()
    tasks = try Self.tasks(layout, context)
  }

  /// What the application says of a task, also of one that it does not have.
  package func sending(_ task: String) -> ApplicationTask { tasks[task] ?? fallback }

  /// Whether every document of a task can be read as by the other manifest: only messages may differ.
  package func readsAlike(_ other: ApplicationManifest?) -> Bool {
    guard let other, timezone == other.timezone else { return false }
    return problems == other.problems
  }

  /// Whether it says the same. When, where and by which Celery it was published does not count.
  package func says(_ other: ApplicationManifest?) -> Bool {
    guard let other else { return false }
    return name == other.name && timezone == other.timezone && transportOptions == other.transportOptions
      && routers == other.routers && queueDeclaration == other.queueDeclaration && fallback == other.fallback
      && tasks == other.tasks
  }

  /// The tasks that cannot be sent where the application sends them, and why.
  private var problems: [String: String] {
    var problems = tasks.compactMapValues(\.problem)
    // No task has the empty name.
    problems[""] = fallback.problem
    return problems
  }

  private static func zone(
    _ layout: DocumentLayout, _ context: DocumentContext
  ) throws(DocumentProblem) -> String? {
    guard let name = layout.text("timezone") else { return nil }
    do throws(ZoneError) { _ = try context.zone(name) } catch {
      throw DocumentProblem("timezone", found: "\"\(name.beginning(60))\"", error.message)
    }
    return name
  }

  private static func texts(_ layout: DocumentLayout, _ field: String) -> [String] {
    guard let slice = layout[field], slice.kind == .array else { return [] }
    return JSONScanner.items(of: slice, in: layout.bytes).compactMap { JSONScanner.text(of: $0, in: layout.bytes) }
  }

  private static func tasks(
    _ layout: DocumentLayout, _ context: DocumentContext
  ) throws(DocumentProblem) -> [String: ApplicationTask] {
    guard let slice = layout["tasks"] else { throw DocumentProblem("tasks", "is missing") }
    guard slice.kind == .object else {
      throw DocumentProblem("tasks", slice, in: layout.bytes, "expected an object")
    }
    let members = JSONScanner.members(of: slice, in: layout.bytes)
    var tasks = [String: ApplicationTask](minimumCapacity: members.count)
    for member in members {
      let path = "tasks.\(DocumentProblem.excerpt(member.key.utf8))"
      tasks[member.key] = ApplicationTask(member.value, in: layout.bytes, path: path, context)
    }
    return tasks
  }
}
