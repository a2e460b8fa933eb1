/// Enabled documents that the scheduler before this one left out, and that run here.
package struct LeftOutDocuments: Hashable, Sendable {
  /// Why they were left out.
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
  /// The names of the first, in the order of their bytes.
  package let names: [EntryName]

  /// - Parameter names: at most `most`, in any order.
  package init(_ reason: Reason, count: Int, names: [EntryName]) {
    self.reason = reason
    self.count = count
    self.names = EntryName.inOrder(names)
  }

  /// One sentence for people.
  package var words: String {
    let isOne = count == 1
    let what = isOne ? "1 enabled document has" : "\(count) enabled documents have"
    let why =
      switch reason {
      case .noClass: "no _cls of PeriodicTask, so celerybeat-mongo left"
      case .noRuns: "a max_run_count of 0, so celery-mongobeat left"
      }
    let list = names.map { "\"\($0)\"" }.joined(separator: ", ")
    let more = count > names.count ? " and \(count - names.count) more" : ""
    return "\(what) \(why) \(isOne ? "it out, and it runs" : "them out, and they run") here: \(list)\(more)"
  }
}
