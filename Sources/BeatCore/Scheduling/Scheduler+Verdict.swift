/// What the scheduler makes of a document, for the reports to people.
extension Scheduler {
  package enum Verdict: Hashable, Sendable {
    /// The document is in force. `next`: its next due time; nil for a schedule that is disabled or finished.
    case accepted(next: UnixTime?)
    case rejected(reason: String)
  }

  /// The verdict on a document; nil: there is no document of this name.
  package func verdict(of name: EntryName) -> Verdict? {
    if let rejection = rejected[name] { return .rejected(reason: rejection.reason.description) }
    return entries.handle(of: name).flatMap { entries[$0] }.map { .accepted(next: $0.nextDue) }
  }

  /// The warning about a `last_run_at` that is not used.
  static func disbelief(_ lastRunAt: UnixTime) -> String {
    "last_run_at \(lastRunAt.iso8601) is in the future and is not used; is it local time without its zone?"
  }

  /// The document that was read last; nil: there is none, or none that could be read.
  package func document(of name: EntryName) -> DocumentIdentity? {
    if let rejection = rejected[name] { return rejection.document.map { .digest($0) } }
    return (entries.handle(of: name).flatMap { entries[$0] }?.document).map { .bytes($0) }
  }

  /// A document's verdict, its identity, and the time from which its next run is counted: the newest due time that was
  /// fired, or the time when it was first seen. nil: there is no document of this name.
  package func account(of name: EntryName) -> (verdict: Verdict, document: DocumentIdentity?, base: UnixTime?)? {
    verdict(of: name).map { verdict in
      (verdict, document(of: name), entries.handle(of: name).flatMap { entries[$0] }?.progress.base)
    }
  }

  /// The names of the documents that are set aside.
  package var rejectedNames: [EntryName] { Array(rejected.keys) }
}
