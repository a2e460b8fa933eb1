import BeatCore
import ReactiveBeat

/// The answers that need the store. Each method is one call of the API, carried out on a desk's thread.
struct StoreAPI {
  let client: any StoreEditor
  let context: DocumentContext
  let source: StoreSource
  /// The index that is told of each change before its author is: a list after an edit shows the edit. nil: there is none.
  let index: IndexDesk?

  /// Throws: `APIProblem`, or an error that `APIProblem.init` knows.
  ///
  /// - Parameter overdue: what the index has found to be overdue.
  func answer(_ route: APIRoute, _ call: APICall, overdue: FiringHealth.Overdue?) throws -> APIAnswer {
    if let name = route.name, !client.canHold(name) {
      throw APIProblem(.notFound, "there is no schedule \(name.brief())")
    }
    return switch route {
    case .schedule(let name): try detail(name, call)
    case .explanation(let name): try explanation(name, call)
    case .runs(let name): try runs(of: name, call)
    case .system: APIAnswer(try SystemReport(client, source, overdue: overdue).json)
    case .doctor: try doctor(call)
    case .check: try check(call)
    case .create: try create(call)
    case .save(let name): try save(name, call)
    case .delete(let name): try delete(name, call)
    case .run(let name): try run(name, call)
    case .rename(let name): try rename(name, call)
    case .enable(let name, let isEnabled): try enable(name, isEnabled, call)
    case .bulk: try bulk(call)
    case .schedules, .facets, .activity, .openAPI: throw APIProblem(.notFound, "this call is answered elsewhere")
    }
  }

  /// The record of what a call changes.
  func trail(_ call: APICall, _ action: EditAction? = nil) -> EditTrail {
    EditTrail(action, by: EditAuthor(user: call.user ?? "unknown", origin: "web from \(call.origin)"))
  }

  /// The document of a schedule that must be there.
  func existing(_ name: EntryName) throws -> StoredDocument {
    let document = try client.document(name)
    guard !document.isAbsent else { throw APIProblem(.notFound, "there is no schedule \(name.brief())") }
    return document
  }

  /// Tells the index how schedules are stored now. The change itself has been made, so that no failure counts here.
  func refresh(_ names: [EntryName]) {
    guard let index, let now = try? client.time(), let documents = try? client.documents(names) else { return }
    let rows = documents.compactMap { ScheduleRow($0, context: context, now: now) }
    let gone = documents.filter(\.isAbsent).map(\.name)
    index.post { keeper in
      keeper.put(rows)
      keeper.remove(gone)
    }
  }

  static func stamp(_ bytes: [UInt8]) -> DocumentStamp { DocumentStamp(bytes, SHA1.digest) }

  static func json(_ remark: DocumentReview.Remark) -> [(String, JSONOutput)] {
    [
      ("level", .text(remark.level.rawValue)), ("field", .text(remark.field.isEmpty ? nil : remark.field)),
      (
        "text",
        .text([remark.found, remark.message].filter { !$0.isEmpty }.joined(separator: ": ").printable)
      ),
    ]
  }

  /// A time whose microseconds are cut to milliseconds.
  private static func shortened(_ time: Substring) -> String {
    guard let point = time.firstIndex(of: ".") else { return String(time) }
    let digits = time[time.index(after: point)...].prefix { $0.isWholeNumber }
    return String(time[...point] + digits.prefix(3) + time[digits.endIndex...])
  }

  /// The coming runs, as the page lists them.
  static func json(_ runs: [SchedulePreview.Occurrence], in zone: ZoneRules) -> JSONOutput {
    .list(
      runs.map { run in
        // Without the day of the week.
        let local = TimeWords.date(run.due, in: zone).dropFirst(4)
        return .object([
          ("due", .time(run.due)), ("sent", .time(run.sent)), ("local", .text(Self.shortened(local))),
          ("clock_change", .text(TimeWords.clockChange(of: run.due, in: zone))),
        ])
      })
  }
}
