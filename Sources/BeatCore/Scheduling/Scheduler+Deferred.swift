/// Tries deferred occurrences again: those that were refused and wait for their next attempt.
extension Scheduler {
  /// Makes all deferred occurrences due now, before their wait is over, since the cause of the refusals may be over.
  mutating func retryDeferred() {
    for name in entries.names {
      guard let handle = entries.handle(of: name), let entry = entries[handle], entry.refusals != nil, entry.isWaiting
      else { continue }
      wait(handle)
    }
  }
}
