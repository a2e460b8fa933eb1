import BeatCore

/// The outbox: a list whose oldest item is at its end.
final class RedisOutbox: Outbox {
  private let scripts: StoreScripts

  init(_ scripts: StoreScripts) { self.scripts = scripts }

  func isEmpty(then completion: @escaping Completion<Bool>) {
    scripts.connection.send(RedisCommand("TYPE", scripts.keys.outbox)) { reply in
      completion(reply.done.map { _ in reply?.text == "none" })
    }
  }

  func read(
    behind skipped: Int, newest: OutboxHandle?, count: Int, bytes: Int,
    then completion: @escaping Completion<OutboxPage>
  ) {
    scripts.outbox(skipping: skipped, through: newest?.bytes, count: count, bytes: bytes) { outbox, error in
      guard let outbox else { return completion(.failure(Refusal(error))) }
      completion(
        .success(
          OutboxPage(
            count: max(0, outbox.count), isMoved: outbox.count < 0,
            items: outbox.items.map { (OutboxHandle($0), OutboxItem($0)) })))
    }
  }

  func remove(_ handle: OutboxHandle, then completion: @escaping Completion<Void>) {
    scripts.removeFromOutbox(handle.bytes) { result in
      completion(result?.mapError { Refusal($0) } ?? .failure(.lost))
    }
  }

  func setAside(_ handle: OutboxHandle, reason: String, then completion: @escaping Completion<Bool>) {
    scripts.setAside(handle.bytes, reason: reason) { result in
      completion(result?.mapError { Refusal($0) } ?? .failure(.lost))
    }
  }
}
