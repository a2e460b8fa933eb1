@testable import BeatCore

/// The ports that a fire can do without, over a model's connection.
final class ModelBeside: DaemonRegistry, ReceiptStore, ManualRequests, Outbox, ApplicationStore {
  private let connection: ModelConnection

  init(_ connection: ModelConnection) { self.connection = connection }

  private var instance: String { connection.connector.instance }

  /// Sends work to the store, which the store carries out later, and takes its result from the answer.
  private func ask<Value>(
    then completion: @escaping Completion<Value>, _ work: @escaping (inout ModelStore, _ now: UnixTime) -> Value
  ) {
    connection.send(.beside { store, now in work(&store, now) }) { reply in
      if case .value(let value as Value)? = reply { completion(.success(value)) } else { completion(.failure(.lost)) }
    }
  }

  private func tell(_ work: @escaping (inout ModelStore) -> Void) {
    connection.send(.beside { store, _ in work(&store) }) { _ in }
  }

  // MARK: daemons

  func write(_ record: DaemonRecord, then completion: @escaping Completion<Void>) {
    ask(then: completion) { [instance] store, _ in store.contents.records[instance] = record }
  }

  func remove() { tell { [instance] in $0.contents.records[instance] = nil } }

  func sweep() {
    ask(then: { _ in }) { store, now in
      for name in store.contents.records.keys where !store.isAlive(name, now: now) {
        store.contents.records[name] = nil
      }
    }
  }

  func others(then completion: @escaping Completion<[(instance: String, record: DaemonRecord)]>) {
    ask(then: completion) { store, _ in store.contents.records.map { (instance: $0.key, record: $0.value) } }
  }

  func isAlive(_ instance: String, then completion: @escaping Completion<Bool>) {
    ask(then: completion) { $0.isAlive(instance, now: $1) }
  }

  // MARK: the application

  func read(then completion: @escaping Completion<[UInt8]?>) {
    ask(then: completion) { store, _ in store.contents.application }
  }

  // MARK: receipts

  func write(_ receipts: [EntryName: EditReceipt?]) {
    tell { store in for (name, receipt) in receipts { store.contents.receipts[name] = receipt?.bytes } }
  }

  func page(from position: ScanPosition?, then completion: @escaping Completion<ReceiptPage>) {
    ask(then: completion) { store, _ in
      let (next, found) = ModelStore.page(of: store.contents.receipts, sortedBy: { "\($0)" }, after: position)
      return ReceiptPage(next: next, receipts: found.map { (name: $0.key, bytes: $0.value) })
    }
  }

  // MARK: runs by hand

  func page(from position: ScanPosition?, then completion: @escaping Completion<ManualRequestPage>) {
    ask(then: completion) { store, _ in store.requests(after: position) }
  }

  func settle(_ request: ManualRequest, id: String, by step: ManualStep, then: @escaping (ManualOutcome) -> Void) {
    let token = connection.fence()
    ask(then: { then((try? $0.get()) ?? .over) }) { store, now in
      store.settle(request, id: id, by: step, token: token, now: now)
    }
  }

  func refuse(_ id: String, because reason: String) { tell { $0.refuse(id, because: reason) } }

  // MARK: the outbox

  func isEmpty(then completion: @escaping Completion<Bool>) {
    ask(then: completion) { store, _ in store.contents.outbox.isEmpty }
  }

  func read(
    behind skipped: Int, newest: OutboxHandle?, count: Int, bytes: Int,
    then completion: @escaping Completion<OutboxPage>
  ) {
    ask(then: completion) { store, _ in store.outbox(behind: skipped, newest: newest, count: count, bytes: bytes) }
  }

  func remove(_ handle: OutboxHandle, then completion: @escaping Completion<Void>) {
    ask(then: completion) { store, _ in store.removeFromOutbox(handle) }
  }

  func setAside(_ handle: OutboxHandle, reason: String, then completion: @escaping Completion<Bool>) {
    ask(then: completion) { store, _ in store.setAside(handle, reason: reason) }
  }
}
