import BeatCore
import Synchronization

/// The outbox: the messages that wait in the marks.
final class MongoOutbox: Outbox {
  private let calls: MongoCalls
  private let written: WrittenFires
  private let removals = Removals()

  init(_ calls: MongoCalls, written: WrittenFires) { (self.calls, self.written) = (calls, written) }

  func isEmpty(then completion: @escaping Completion<Bool>) {
    let place = calls.place
    calls.perform({ client throws(MongoError) in try MarkOutbox.isEmpty(in: place, by: client) }, then: completion)
  }

  func read(
    behind skipped: Int, newest: OutboxHandle?, count: Int, bytes: Int,
    then completion: @escaping Completion<OutboxPage>
  ) {
    let place = calls.place
    calls.perform({ [written] client throws(MongoError) in
      try MarkOutbox.read(
        behind: skipped, newest: newest, count: count, bytes: bytes, written: written, in: place, by: client)
    }) { result in
      completion(result.map { OutboxPage(count: $0.count, isMoved: $0.isMoved, items: $0.items) })
    }
  }

  /// Removals that wait for their turn are carried out with the first of them.
  func remove(_ handle: OutboxHandle, then completion: @escaping Completion<Void>) {
    let place = calls.place
    removals.add(handle)
    calls.perform(
      { [removals, written] client throws(MongoError) in
        let handles = removals.takeAll()
        guard !handles.isEmpty else { return }
        try MarkOutbox.remove(handles, written: written, in: place, by: client)
      }, then: completion)
  }

  func setAside(_ handle: OutboxHandle, reason: String, then completion: @escaping Completion<Bool>) {
    let work = MarkSetAside(place: calls.place, written: written)
    calls.perform(
      { client throws(MongoError) in try work.setAside(handle, reason: reason, by: client) }, then: completion)
  }
}

/// The removals that have been asked for and not begun.
private final class Removals: Sendable {
  private let handles = Mutex<[OutboxHandle]>([])

  func add(_ handle: OutboxHandle) { handles.withLock { $0.append(handle) } }

  func takeAll() -> [OutboxHandle] {
    handles.withLock { handles in
      defer { handles = [] }
      return handles
    }
  }
}
