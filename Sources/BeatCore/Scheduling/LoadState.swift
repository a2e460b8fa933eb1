/// The state of a full load, or of a refresh: a read of all documents while the scheduler goes on firing.
struct LoadState {
  /// A full load has finished, and edits are detected.
  private(set) var isWatching = false
  /// All documents are being read. Each document that was found has the load's number.
  private(set) var isReading = false
  /// The store is not the one from which the schedules were loaded, and not all of it has been read.
  private(set) var isReplaced = false
  private(set) var number: UInt16 = 0

  /// Whether this is a full load: nothing fires before all documents have been read.
  var isFirst: Bool { isReading && !isWatching }
  /// Whether this is a refresh: the scheduler goes on firing.
  var isRefresh: Bool { isReading && isWatching }

  mutating func storeReplaced() { isReplaced = true }

  /// - Returns: whether the numbers start again, so that the caller must set the number of everything found before to
  ///   0.
  mutating func begin(whileWatching: Bool) -> Bool {
    if !whileWatching { isWatching = false }
    isReading = true
    let isFull = number == .max
    number = isFull ? 1 : number + 1
    return isFull
  }

  /// - Returns: whether this ends a full load, so that from now on events are enough.
  mutating func finish() -> Bool {
    isReading = false
    guard !isWatching else { return false }
    isWatching = true
    isReplaced = false
    return true
  }

  mutating func disconnected() {
    isWatching = false
    isReading = false
  }
}
