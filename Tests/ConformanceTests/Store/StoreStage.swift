import BeatCore

/// An empty store made for one case, with what users and faults do to it. An adapter's tests implement it.
protocol StoreStage: AnyObject {
  /// The connector of one daemon. Each instance has its own.
  func connector(as instance: String) throws -> any StoreConnector
  /// Lets the stage run until the condition holds.
  ///
  /// - Parameter microseconds: the most time that may pass, by the store's clock.
  /// - Returns: false: the condition does not hold within that time.
  func wait(_ microseconds: Int64, until isMet: () -> Bool) -> Bool
  /// The store's clock.
  var now: UnixTime { get }
  /// How edits are detected.
  var changeDetection: ChangeDetection { get }

  // MARK: what users do

  /// Writes a document as any client may; nil: deletes it.
  func write(_ document: [UInt8]?, of name: EntryName)
  func document(of name: EntryName) -> [UInt8]?
  func watermark(of name: EntryName) -> [UInt8]?
  /// Writes a watermark's bytes, right or wrong.
  func damage(watermarkOf name: EntryName, with bytes: [UInt8])
  /// The messages that have reached a queue, the oldest first. For a store with an outbox, those in the outbox for this
  /// queue.
  func messages(in queue: String) -> [[UInt8]]
  /// Puts an item into the outbox, as another daemon would; nil: something that no daemon writes.
  func putIntoOutbox(_ item: OutboxItem?)
  /// The messages that are set aside, with the reasons, the oldest first.
  var setAside: [MessageSetAside] { get }
  /// Sets messages of another daemon aside, until there is room for only one more.
  func fillSetAside()
  /// Puts something that is no queue in the place of a queue.
  func spoil(queue: String)
  func bind(queue: String, to exchange: String, routingKey: String)
  /// Stores an application's manifest, as any client may; nil: deletes it.
  func publish(_ manifest: [UInt8]?)
  /// Requests a manual run. The bytes need not be a valid request.
  func ask(_ request: [UInt8], id: String)
  func answer(to id: String) -> String?
  /// The history's records, the oldest first.
  var history: [FireRecord] { get }
  /// Loses the store's contents while the server goes on.
  func loseContents()

  // MARK: faults

  /// The server ends all connections of a daemon.
  func cut(_ instance: String)
  /// Loses the daemon's answers until `cut`: its requests are carried out, and no reply comes. Of a call with several
  /// commands this begins with the one that counts.
  func loseAnswers(of instance: String)
  /// Ends the connections on which daemons hear of changes, and no others, where these are separate connections.
  func silence()
  /// Whether the server runs. It dies, or comes back as it was.
  var isRunning: Bool { get set }
}

/// A message that is set aside, as a stage tells it.
struct MessageSetAside: Hashable {
  var id: String
  var reason: String
}

/// An ability that not every store has.
enum StoreAbility: Hashable, Sendable {
  /// Messages go to the queue in the step of the fire.
  case direct
  /// Messages wait in the store for a publisher.
  case outbox
  /// The server loses nothing when it dies.
  case durable
}

/// The sizes with which a stage makes its store. They are small, so that the bounds are reached soon.
enum StoreSize {
  static let outboxLimit = 40
  static let historyLength = 50
  static let maximumDocumentLength = 600_000
}

/// An adapter in the suite: its name, its abilities, and how a store is made for it.
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

/// One promise that every store keeps: its name, and the check.
struct StoreCase: Sendable, CustomStringConvertible {
  let description: String
  /// The abilities that the case needs. Stores without them skip it.
  let needs: Set<StoreAbility>
  let look: @Sendable (StoreTrial) throws -> Void

  init(_ description: String, needs: Set<StoreAbility> = [], _ look: @escaping @Sendable (StoreTrial) throws -> Void) {
    self.description = description
    self.needs = needs
    self.look = look
  }

  /// How a store breaks the promise; empty: it keeps it.
  func breaches(of stage: any StoreStage) -> [String] {
    let trial = StoreTrial(stage)
    trial.run { try look(trial) }
    return trial.breaches
  }

  static let all =
    documents + fires + lostAnswers + watermarks + leases + feed + sessions + beside + application + requests
    + outbox

  static func all(for adapter: StoreAdapter) -> [StoreCase] { all.filter { $0.needs.isSubset(of: adapter.abilities) } }
}
