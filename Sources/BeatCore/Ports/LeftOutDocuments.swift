/// Enabled documents that an old scheduler leaves out, and that run here.
package struct LeftOutDocuments: Hashable, Sendable {
  /// Why it leaves them out.
  package enum Reason: Hashable, Sendable {
    /// celerybeat-mongo reads documents of its own class only.
    case noClass
    /// celery-mongobeat takes a `max_run_count` of 0 for a limit, which is no limit here.
    case noRuns
  }

  /// The most names that are told.
  package static let most = 10

  package let reason: Reason
  package let count: Int
  /// The names of some, in the order of their bytes.
  package let names: [EntryName]

  /// - Parameters:
  ///   - count: of all of them.
  ///   - names: at most `most`, in any order.
  package init(_ reason: Reason, count: Int, names: [EntryName]) {
    self.reason = reason
    self.count = count
    self.names = EntryName.inOrder(names)
  }

  /// One sentence for people.
  package var words: String {
    let have = Plural.of(count, "enabled document has", "enabled documents have")
    let lack =
      switch reason {
      case .noClass: "no _cls of PeriodicTask: celerybeat-mongo leaves"
      case .noRuns: "a max_run_count of 0: celery-mongobeat leaves"
      }
    let them = Plural.word(count, "it out, and here it runs", "them out, and here they run")
    let list = names.map { $0.brief() }.joined(separator: ", ")
    let more = count > names.count ? " and \(count - names.count) more" : ""
    return "\(have) \(lack) \(them): \(list)\(more)"
  }
}
