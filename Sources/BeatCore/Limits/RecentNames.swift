/// The names that came in the last ten to twenty seconds, as hashes. At most `room` are remembered in ten seconds;
/// every further name counts as new.
package struct RecentNames {
  /// How long one set of names is filled; microseconds.
  private static let span: Int64 = 10_000_000
  private static let room = 4_096

  private var current: Set<Int> = []
  private var previous: Set<Int> = []
  private var since: BootTime?

  package init() {}

  /// Whether a name did not come recently. The name is remembered.
  package mutating func isNew(_ name: EntryName, at now: BootTime) -> Bool {
    let age = since.map { now.microseconds(since: $0) } ?? .max
    if age >= Self.span {
      previous = age < 2 * Self.span ? current : []
      current = []
      since = now
    }
    let hash = name.hashValue
    let isNew = !current.contains(hash) && !previous.contains(hash)
    if current.count < Self.room { current.insert(hash) }
    return isNew
  }
}
