import BeatCore

/// The model of a store with one wrong method. The suite must find it.
final class BrokenStage: StoreStage {
  let fault: StoreFault
  let sound: ModelStage

  init(_ fault: StoreFault, _ delivery: Delivery) {
    self.fault = fault
    sound = ModelStage(delivery)
  }

  func connector(as instance: String) -> any StoreConnector {
    BrokenConnector(sound.connector(as: instance), self)
  }

  func wait(_ microseconds: Int64, until isMet: () -> Bool) -> Bool { sound.wait(microseconds, until: isMet) }
  var now: UnixTime { sound.now }
  var changeDetection: ChangeDetection { sound.changeDetection }
  func write(_ document: [UInt8]?, of name: EntryName) { sound.write(document, of: name) }
  func document(of name: EntryName) -> [UInt8]? { sound.document(of: name) }
  func watermark(of name: EntryName) -> [UInt8]? { sound.watermark(of: name) }
  func damage(watermarkOf name: EntryName, with bytes: [UInt8]) { sound.damage(watermarkOf: name, with: bytes) }
  func messages(in queue: String) -> [[UInt8]] { sound.messages(in: queue) }
  func putIntoOutbox(_ item: OutboxItem?) { sound.putIntoOutbox(item) }
  var setAside: [MessageSetAside] { sound.setAside }
  func fillSetAside() { sound.fillSetAside() }
  func spoil(queue: String) { sound.spoil(queue: queue) }
  func bind(queue: String, to exchange: String, routingKey: String) {
    sound.bind(queue: queue, to: exchange, routingKey: routingKey)
  }
  func publish(_ manifest: [UInt8]?) { sound.publish(manifest) }
  func ask(_ request: [UInt8], id: String) { sound.ask(request, id: id) }
  func answer(to id: String) -> String? { fault == .whoAskedIsNotTold ? nil : sound.answer(to: id) }
  var history: [FireRecord] { sound.history }
  func loseContents() { sound.loseContents() }
  func cut(_ instance: String) { sound.cut(instance) }
  func loseAnswers(of instance: String) { sound.loseAnswers(of: instance) }
  func silence() { sound.silence() }
  var isRunning: Bool {
    get { sound.isRunning }
    set { sound.isRunning = newValue }
  }
}

/// Passes everything on except for its fault. Its sessions do the same.
final class BrokenConnector: StoreConnector {
  private let sound: any StoreConnector
  private let stage: BrokenStage

  init(_ sound: any StoreConnector, _ stage: BrokenStage) { (self.sound, self.stage) = (sound, stage) }

  var name: String { sound.name }
  var changeDetections: [ChangeDetection] { sound.changeDetections }

  func open(
    changeDetection: ChangeDetection, fence: @escaping () -> String, event: @escaping (StoreEvent) -> Void
  ) -> any StoreConnection {
    let (stage, fault) = (stage, stage.fault)
    return BrokenConnection(
      sound.open(changeDetection: changeDetection, fence: fault == .theFenceIsNotAsked ? { "" } : fence) { told in
        switch (told, fault) {
        case (.watching(let session), _): event(.watching(BrokenSession(session, stage)))
        case (.touched(let name), .deafToDeletions) where stage.document(of: name) == nil: break
        case (.touched(let name), .editsAreTakenForFires): event(.writtenInPlace(name))
        case (.missedChanges, .theFeedDiesSilently), (.ended, .theEndIsNotTold), (.leaseFreed, .theLeaseEndsUnheard),
          (.requested, .requestsAreUnheard), (.applicationTouched, .aManifestIsUnheard):
          break
        default: event(told)
        }
      }, atClose: { if fault == .speaksAfterClose { event(.ended(.lost("closed"))) } })
  }
}

private final class BrokenConnection: StoreConnection {
  private let sound: any StoreConnection
  private let atClose: () -> Void

  init(_ sound: any StoreConnection, atClose: @escaping () -> Void) {
    (self.sound, self.atClose) = (sound, atClose)
  }

  func close() {
    sound.close()
    atClose()
  }
}
