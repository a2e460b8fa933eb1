import BeatCore

/// Reads the application's manifest: before each load of the documents, since it says what they leave out, and when it
/// has changed.
///
///     idle -> reading -> idle
///     reading -> touched in the meantime -> reading again
final class ApplicationWatch {
  private let store: any ApplicationStore
  private let take: (Result<[UInt8]?, Refusal>) -> Void
  private var isReading = false
  private var isTouched = false
  private var isOver = false
  /// They run when what was stored at their call has been taken in.
  private var waiting: [() -> Void] = []

  /// - Parameter take: gets what was read, also if it is the same as before.
  init(_ store: any ApplicationStore, take: @escaping (Result<[UInt8]?, Refusal>) -> Void) {
    self.store = store
    self.take = take
  }

  func cancel() {
    isOver = true
    waiting.removeAll()
  }

  /// Reads the manifest. `then` runs when that is done, but not after `cancel` or the session's end.
  func look(then: @escaping () -> Void = {}) {
    guard !isOver else { return }
    waiting.append(then)
    guard !isReading else { return isTouched = true }
    read()
  }

  private func read() {
    isReading = true
    isTouched = false
    let served = waiting
    waiting.removeAll()
    store.read { [weak self] result in
      guard let self, !isOver else { return }
      isReading = false
      if case .failure(let refusal) = result, refusal.kind == .lost { return }
      take(result)
      if isTouched { read() }
      for then in served where !isOver { then() }
    }
  }
}
