/// Which of all documents have been read: of a full load, or of a look at all of them while everything goes on.
struct LoadState {
  /// A full load has finished, and events are being heard.
  private(set) var isWatching = false
  /// All documents are being read. What has been found bears the load's number.
  private(set) var isReading = false
  /// The store is another one than that from which the schedules were loaded, and not all of it has been read.
  private(set) var isReplaced = false
  private(set) var number: UInt16 = 0

  /// Nothing fires before all has been read.
  var isFirst: Bool { isReading && !isWatching }
  /// A look at all documents, while everything goes on.
  var isRefresh: Bool { isReading && isWatching }

  mutating func storeReplaced() { isReplaced = true }

  /// - Returns: whether the numbers begin anew, so that all that was found before has to be numbered 0.
  mutating func begin(whileWatching: Bool) -> Bool {
    if !whileWatching { isWatching = false }
    isReading = true
    let isFull = number == .max
    number = isFull ? 1 : number + 1
    return isFull
  }

  /// - Returns: whether it is from now on that events are all that is missing.
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
