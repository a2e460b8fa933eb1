/// Occurrences that were refused and wait for their next attempt.
extension Scheduler {
  /// What made a refusal may be over: all that were refused are tried now, and not when their wait is over.
  mutating func retryDeferred() {
    for name in entries.names {
      guard let handle = entries.handle(of: name), let entry = entries[handle], entry.refusals != nil, entry.isWaiting
      else { continue }
      wait(handle)
    }
  }
}
