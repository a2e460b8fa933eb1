import BeatCore

/// A store that is made for one case and empty, with what people and faults do to it. An adapter's tests implement it.
protocol StoreStage: AnyObject {
  /// A daemon's way to the store. Each instance has one.
  func connector(as instance: String) throws -> any StoreConnector
  /// Lets things happen until this holds.
  ///
  /// - Parameter microseconds: of the store's time, at most.
  /// - Returns: false: it does not hold in that time.
  func wait(_ microseconds: Int64, until isMet: () -> Bool) -> Bool
  /// The store's clock.
  var now: UnixTime { get }
  /// How edits are to be heard.
  var changeDetection: ChangeDetection { get }

  // MARK: what people do

  /// Writes a document as any client may; nil: deletes it.
  func write(_ document: [UInt8]?, of name: EntryName)
  func document(of name: EntryName) -> [UInt8]?
  func watermark(of name: EntryName) -> [UInt8]?
  /// Writes a watermark's bytes, right or wrong.
  func damage(watermarkOf name: EntryName, with bytes: [UInt8])
  /// What has reached a queue, the oldest first. Of a store with an outbox: what has reached that, for this queue.
  func messages(in queue: String) -> [[UInt8]]
  /// Puts something into the outbox that no daemon has written.
  func putIntoOutbox(_ bytes: [UInt8])
  /// Puts something where a queue should be, that is none.
  func spoil(queue: String)
  func bind(queue: String, to exchange: String, routingKey: String)
  /// Asks for a run by hand, or for something that is no request.
  func ask(_ request: [UInt8], id: String)
  func answer(to id: String) -> String?
  /// The oldest first.
  var history: [FireRecord] { get }
  /// The contents are lost, while the server goes on.
  func loseContents()

  // MARK: faults

  /// The server ends all connections of a daemon.
  func cut(_ instance: String)
  /// From now on until `cut` the daemon's requests are carried out, and it hears nothing of it.
  func loseAnswers(of instance: String)
  /// The server ends the connections on which daemons hear of changes, and no others, where these are of their own.
  func silence()
  /// The server dies, or comes back as it was.
  var isRunning: Bool { get set }
}

/// What not every store has.
enum StoreAbility: Hashable, Sendable {
  /// Messages go to the queue in the step of the fire.
  case direct
  /// Messages wait in the store for a publisher.
  case outbox
  /// The server forgets nothing when it dies.
  case durable
}

/// The sizes with which a stage makes its store, so that the bounds come early.
enum StoreSize {
  static let outboxLimit = 40
  static let historyLength = 50
  static let maximumDocumentLength = 600_000
}

/// An adapter in the suite: its name, what it has, and how a store of it is made.
struct StoreAdapter: Sendable, CustomStringConvertible {
  let description: String
  let abilities: Set<StoreAbility>
  let make: @Sendable () throws -> any StoreStage

  init(
    _ description: String, _ abilities: Set<StoreAbility>, _ make: @escaping @Sendable () throws -> any StoreStage
  ) {
    self.description = description
    self.abilities = abilities
    self.make = make
  }
}

/// One thing that every store keeps, named for it, and how that is looked at.
struct StoreCase: Sendable, CustomStringConvertible {
  let description: String
  /// Stores without these are not asked.
  let needs: Set<StoreAbility>
  let look: @Sendable (StoreTrial) throws -> Void

  init(_ description: String, needs: Set<StoreAbility> = [], _ look: @escaping @Sendable (StoreTrial) throws -> Void) {
    self.description = description
    self.needs = needs
    self.look = look
  }

  /// What a store does not keep of it.
  func breaches(of stage: any StoreStage) -> [String] {
    let trial = StoreTrial(stage)
    trial.run { try look(trial) }
    return trial.breaches
  }

  static let all = documents + fires + lostAnswers + watermarks + leases + feed + sessions + beside + requests + outbox

  static func all(for adapter: StoreAdapter) -> [StoreCase] { all.filter { $0.needs.isSubset(of: adapter.abilities) } }
}
