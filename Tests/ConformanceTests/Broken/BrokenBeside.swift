import BeatCore

/// Faults of daemon records, receipts, requests and the application's manifest.
final class BrokenBeside: DaemonRegistry, ReceiptStore, ManualRequests, ApplicationStore {
  private let session: any StoreSession
  private let stage: BrokenStage
  private let fault: StoreFault

  init(_ session: BrokenSession) { (self.session, stage, fault) = (session.sound, session.stage, session.fault) }

  func write(_ record: DaemonRecord, then completion: @escaping Completion<Void>) {
    session.daemons.write(record, then: completion)
  }
  func remove() { if fault != .aRecordStaysForEver { session.daemons.remove() } }
  func sweep() { if fault != .aSweepKeepsTheDead { session.daemons.sweep() } }
  func others(then completion: @escaping Completion<[(instance: String, record: DaemonRecord)]>) {
    session.daemons.others(then: completion)
  }
  func isAlive(_ instance: String, then completion: @escaping Completion<Bool>) {
    session.daemons.isAlive(instance, then: completion)
  }

  func read(then completion: @escaping Completion<[UInt8]?>) {
    session.application.read { result in
      completion(self.fault == .aManifestIsCut ? result.map { $0.map { Array($0.prefix(1024)) } } : result)
    }
  }

  func write(_ receipts: [EntryName: EditReceipt?]) {
    session.receipts.write(fault == .aReceiptStaysForEver ? receipts.filter { $0.value != nil } : receipts)
  }
  func page(from position: ScanPosition?, then completion: @escaping Completion<ReceiptPage>) {
    session.receipts.page(from: position, then: completion)
  }

  func page(from position: ScanPosition?, then completion: @escaping Completion<ManualRequestPage>) {
    session.requests.page(from: position, then: completion)
  }

  func settle(_ request: ManualRequest, id: String, by step: ManualStep, then: @escaping (ManualOutcome) -> Void) {
    var request = request
    switch fault {
    case .aRequestIsCarriedOutTwice: stage.ask(request.bytes, id: id)
    case .deadlinesDoNotCount: request.deadline = stage.now.advanced(by: 1_000_000)
    default: break
    }
    session.requests.settle(request, id: id, by: step, then: then)
  }

  func refuse(_ id: String, because reason: String) { session.requests.refuse(id, because: reason) }
}

/// Faults of the outbox.
final class BrokenOutbox: Outbox {
  private let sound: any Outbox
  private let stage: BrokenStage
  private let fault: StoreFault

  init(_ session: BrokenSession) { (sound, stage, fault) = (session.sound.outbox, session.stage, session.fault) }

  func isEmpty(then completion: @escaping Completion<Bool>) {
    sound.isEmpty { [fault] in completion($0.map { fault == .theOutboxIsNeverEmpty ? false : $0 }) }
  }

  func read(
    behind skipped: Int, newest: OutboxHandle?, count: Int, bytes: Int,
    then completion: @escaping Completion<OutboxPage>
  ) {
    switch fault {
    case .theNewestComesFirst:
      sound.read(behind: skipped, newest: newest, count: count, bytes: bytes) {
        completion($0.map { OutboxPage(count: $0.count, isMoved: $0.isMoved, items: $0.items.reversed()) })
      }
    case .anOutboxPageIsUnbounded:
      sound.read(behind: skipped, newest: newest, count: .max, bytes: .max, then: completion)
    case .nothingEverMoves:
      sound.read(behind: skipped, newest: nil, count: count, bytes: bytes, then: completion)
    default: sound.read(behind: skipped, newest: newest, count: count, bytes: bytes, then: completion)
    }
  }

  func setAside(_ handle: OutboxHandle, reason: String, then completion: @escaping Completion<Bool>) {
    switch fault {
    case .aMessageSetAsideIsLost: sound.remove(handle) { completion($0.map { true }) }
    case .aMessageSetAsideStays:
      sound.read(behind: 0, newest: nil, count: .max, bytes: .max) { [stage] page in
        let items = (try? page.get().items) ?? []
        self.sound.setAside(handle, reason: reason) { result in
          for item in items where item.handle == handle { stage.putIntoOutbox(item.item) }
          completion(result)
        }
      }
    case .theReasonIsForgotten: sound.setAside(handle, reason: "", then: completion)
    case .whatFindsNoRoomIsLost:
      sound.setAside(handle, reason: reason) { [sound] result in
        guard case .success(false) = result else { return completion(result) }
        sound.remove(handle) { completion($0.map { false }) }
      }
    default: sound.setAside(handle, reason: reason, then: completion)
    }
  }

  func remove(_ handle: OutboxHandle, then completion: @escaping Completion<Void>) {
    guard fault == .theOldestIsTakenOutInsteadOfTheItem else { return sound.remove(handle, then: completion) }
    sound.read(behind: 0, newest: nil, count: 1, bytes: .max) { [sound] page in
      sound.remove((try? page.get().items.first?.handle) ?? handle, then: completion)
    }
  }
}
