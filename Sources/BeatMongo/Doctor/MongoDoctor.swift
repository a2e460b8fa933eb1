import BeatCore
import BeatLoop

/// Finds what is wrong with a MongoDB store, and how to mend it. What it writes are a heartbeat that belongs to no daemon
/// and the mark of no schedule, and it removes them.
package final class MongoDoctor: StoreDoctor {
  let client: MongoStoreClient
  let findings: FindingList
  private let brokerDoctor: any BrokerDoctor

  var url: MongoURL { client.url }
  var place: MongoPlace { client.schedules }

  /// - Parameter broker: examines the broker, and reports to the same list.
  package init(_ client: MongoStoreClient, findings: FindingList, broker: any BrokerDoctor) {
    self.client = client
    self.findings = findings
    brokerDoctor = broker
  }

  /// A command for a shell.
  func shell(_ script: String, on database: String? = nil) -> String {
    MongoShell.command(url, database ?? place.database, script)
  }

  package let places = "collections"

  package func examineClock() throws {
    let before = SystemClock.now()
    let theirs = try client.time()
    findings.addClock("MongoDB's clock", says: theirs, between: before, and: SystemClock.now())
  }

  // MARK: the broker

  package func examineBroker() throws {
    try brokerDoctor.examineServer()
    findings.addWaiting(try client.visibleOutboxLength())
    let place = place
    findings.addSetAside(try client.visibleMessagesSetAside(atMost: FindingList.shownSetAside)) {
      shell(SetAsideScript.putBack($0, place))
    } drop: {
      shell(SetAsideScript.drop($0, place))
    }
  }

  package func examineRights(to queues: Set<[UInt8]>) throws { try brokerDoctor.examineRights(to: queues) }

  package func examineNames(of queues: Set<[UInt8]>) throws { try brokerDoctor.examineNames(of: queues) }

  package var broker: (any BrokerInspector)? { brokerDoctor.broker }

  package var delivery: Delivery? { brokerDoctor.broker.map { _ in .outbox } }

  // MARK: rights

  package func examineRights() throws {
    let user = try MongoUser.read(client)
    let instance = Self.nobody()
    let rehearsal = MongoRehearsal(place: place, instance: instance)
    let grant = user.map { shell($0.grant(place), on: $0.database) } ?? MongoRights.advice(place)
    let name = user.map { "user \($0.name)" } ?? "this user"
    switch try client.ask({ client throws(MongoError) in try rehearsal.proof(by: client) }) {
    case .able where user == nil:
      findings.add(
        .warning, "rights", "\(url) asks for no user: whoever reaches it may change every schedule",
        fix: "switch access control on (security.authorization in mongod.conf), or let nobody reach it from outside")
    case .able:
      findings.add(.ok, "rights", "\(name) may do all that the daemon does in \(place.database)")
    case .limited(let reason):
      findings.add(.warning, "rights", "\(name) may not do all that the daemon would do: \(reason)", fix: grant)
    case .undecided(let reason):
      findings.add(
        .problem, "rights", "whether \(name) may do what the daemon needs could not be tried: \(reason)",
        fix: "look into MongoDB's log")
    case .unable(let reason):
      findings.add(.problem, "rights", "\(name) may not do what the daemon needs: \(reason)", fix: grant)
    }
    try brokerDoctor.examineRights()
  }

  /// The name of no daemon.
  static func nobody() -> String { "probe-" + String(UInt64.random(in: .min ... .max), radix: 16) }

  // MARK: remedies

  /// How a server becomes a replica set.
  var replicaSetRemedy: String {
    "one node is enough: replication.replSetName: rs0 in mongod.conf, restart mongod, and once "
      + shell("rs.initiate()", on: "admin")
  }

  package func remedy(for ailment: StoreAilment) -> String {
    switch ailment {
    case .polling: return client.serverFacts?.setName == nil ? replicaSetRemedy : "see `disconnected` in its log"
    case .unreadable(let name):
      let filter =
        switch client.aliases.place(of: name) {
        case .name: "{name: \(JSONText.string(String(decoding: name.bytes, as: UTF8.self)))}"
        case .nameless(let id), .second(let id, _): "{_id: EJSON.parse(\(JSONText.string(id["_id"]?.words ?? "")))}"
        }
      return "look at it, and mend it: "
        + shell("\(MongoShell.collection(place.schedules)).find(\(filter))")
    case .empty:
      return "is it the right database and collection? \(shell("db.getCollectionNames()")) shows what is there"
    case .unreachableQueue: return "name another queue in the document"
    case .hidden(let rights): return brokerDoctor.remedy(forHidden: rights)
    }
  }
}

/// Belongs to the thread that made it.
@available(*, unavailable)
extension MongoDoctor: Sendable {}

/// The user of a connection.
struct MongoUser: Hashable {
  let name: String
  /// The database that knows the user.
  let database: String

  /// nil: the server asks for none.
  static func read(_ client: MongoStoreClient) throws(StoreError) -> MongoUser? {
    let status = try client.ask { client throws(MongoError) in try client.run(["connectionStatus": 1], on: "admin") }
    guard var users = status["authInfo"]?["authenticatedUsers"]?.members, let first = users.next()?.value,
      let name = first["user"]?.text, let database = first["db"]?.text
    else { return nil }
    return MongoUser(name: name, database: database)
  }

  /// The command that gives this user what a daemon needs. `readWrite` includes the change stream.
  func grant(_ place: MongoPlace) -> String {
    "db.grantRolesToUser(\(JSONText.string(name)), [{role: \"readWrite\", db: \(JSONText.string(place.database))}])"
  }
}
