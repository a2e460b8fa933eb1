/// Where a document stands, for those who tell people.
extension Scheduler {
  package enum Verdict: Hashable, Sendable {
    /// In force; the next due time, nil for a schedule that is disabled or finished.
    case accepted(next: UnixTime?)
    case rejected(reason: String)
  }

  /// nil: there is no such document.
  package func verdict(of name: EntryName) -> Verdict? {
    if let rejection = rejected[name] { return .rejected(reason: rejection.reason.description) }
    return entries.handle(of: name).flatMap { entries[$0] }.map { .accepted(next: $0.nextDue) }
  }

  /// What to say of a last run that is not believed.
  static func disbelief(_ lastRunAt: UnixTime) -> String {
    "last_run_at \(lastRunAt.iso8601) is in the future and is not used; is it local time without its zone?"
  }

  /// The document as it was read last; nil: there is none, or none that could be read.
  package func document(of name: EntryName) -> DocumentIdentity? {
    if let rejection = rejected[name] { return rejection.document.map { .digest($0) } }
    return (entries.handle(of: name).flatMap { entries[$0] }?.document).map { .bytes($0) }
  }

  /// Where a document stands, which one it is, and what its next run is counted from: the newest due time that was
  /// fired, or when it was first seen. nil: there is no such document.
  package func account(of name: EntryName) -> (verdict: Verdict, document: DocumentIdentity?, base: UnixTime?)? {
    verdict(of: name).map { verdict in
      (verdict, document(of: name), entries.handle(of: name).flatMap { entries[$0] }?.progress.base)
    }
  }

  /// The documents that are set aside.
  package var rejectedNames: [EntryName] { Array(rejected.keys) }
}
