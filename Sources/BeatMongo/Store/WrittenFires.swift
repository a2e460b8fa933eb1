import Synchronization

/// The fires of this session whose documents are written, and whose messages wait in the outbox. The relay need not bring
/// their documents up to them again.
final class WrittenFires: Sendable {
  /// More than these are forgotten, and their documents are then looked at once more.
  private static let most = 10_000

  private let ids = Mutex<Set<[UInt8]>>([])

  /// - Parameter id: the task's.
  func insert(_ id: [UInt8]) {
    ids.withLock { ids in
      if ids.count >= Self.most { ids.removeAll() }
      ids.insert(id)
    }
  }

  func contains(_ id: [UInt8]) -> Bool { ids.withLock { $0.contains(id) } }

  func remove(_ id: [UInt8]) { ids.withLock { _ = $0.remove(id) } }
}
