import Testing

@testable import BeatCore
@testable import ReactiveBeat

/// A Redis server with the daemon's two databases (store 1 and broker 0 by default), and a client for each.
final class Stage {
  let server: RedisServer
  /// The beginning of the documents' keys.
  let prefix: String
  let storeDatabase: Int
  let brokerDatabase: Int
  /// A client on the store's database. `restart()` makes a new one.
  private(set) var store: BlockingClient
  /// A client on the broker's database. `restart()` makes a new one.
  private(set) var broker: BlockingClient

  /// A stage with its own server; `arguments` are redis-server's.
  convenience init(_ arguments: [String] = [], tcp: Bool = false, store: Int = 1, broker: Int = 0) throws {
    try self.init(on: RedisServer(arguments, tcp: tcp), store: store, broker: broker)
  }

  init(on server: RedisServer, prefix: String = "tasks:meta:", store: Int = 1, broker: Int = 0) throws {
    self.server = server
    self.prefix = prefix
    (storeDatabase, brokerDatabase) = (store, broker)
    self.store = try Self.client(server, store)
    self.broker = try Self.client(server, broker)
  }

  private static func client(_ server: RedisServer, _ database: Int) throws -> BlockingClient {
    let client = try server.client()
    client("SELECT", "\(database)")
    return client
  }

  /// Starts the killed server again, and makes new clients.
  func restart() throws {
    try server.start()
    try restartClients()
  }

  /// Makes new clients, after the server has closed the old ones.
  func restartClients() throws {
    store = try Self.client(server, storeDatabase)
    broker = try Self.client(server, brokerDatabase)
  }

  // MARK: daemons

  /// - Parameter user: `name:password@`, or empty.
  func url(_ database: Int, user: String = "") -> String {
    server.port == 0
      ? "redis+socket://\(user)\(server.socketPath)?virtual_host=\(database)"
      : "redis://\(user)127.0.0.1:\(server.port)/\(database)"
  }

  /// The environment of a daemon of this stage.
  func environment(user: String = "") -> [String: String] {
    [
      "CELERY_REDIS_SCHEDULER_URL": url(storeDatabase, user: user),
      "CELERY_BROKER_URL": url(brokerDatabase, user: user),
      "CELERY_REDIS_SCHEDULER_KEY_PREFIX": prefix,
    ]
  }

  /// Starts a daemon without waiting for it. `environment` wins over the stage's own.
  func launch(_ environment: [String: String] = [:], user: String = "") throws -> Daemon {
    try Daemon(self.environment(user: user).merging(environment) { $1 })
  }

  /// Starts a daemon by a command that becomes beat-watch.
  func launchWrapped(_ environment: [String: String], _ wrapper: [String]) throws -> Daemon {
    try Daemon(self.environment().merging(environment) { $1 }, wrapper: wrapper)
  }

  /// Starts a daemon and waits until it is ready.
  func daemon(_ environment: [String: String] = [:], user: String = "") throws -> Daemon {
    let daemon = try launch(environment, user: user)
    try daemon.wait(for: "ready")
    return daemon
  }

  // MARK: documents

  func key(_ name: String) -> String { prefix + name }
  func set(_ name: String, _ document: String) { store("SET", key(name), document) }
  func document(_ name: String) -> String? { store("GET", key(name))?.text }
  var watermarkKey: String { "reactivebeat:\(prefix)mark" }
  /// The stored watermark of a schedule.
  func watermark(_ name: String) -> Watermark? { store("HGET", watermarkKey, name)?.bytes.flatMap { Watermark($0) } }

  // MARK: messages

  /// Redis' time, in whole seconds.
  func second() throws -> UnixTime {
    let time = store("TIME")?.array?.first?.text.flatMap { Int64($0) }
    return UnixTime(seconds: try #require(time))
  }

  /// The messages of a queue's list, the oldest first.
  func messages(_ list: String = "celery") -> [SentMessage] {
    (broker("LRANGE", list, "0", "-1")?.array ?? []).reversed().compactMap { $0.bytes.flatMap(SentMessage.init) }
  }

  /// The task ids of `count` occurrences of an interval schedule, the last one at `last`.
  func taskIDs(_ name: String, last: UnixTime, every microseconds: Int64, count: Int) -> [String] {
    (0..<count).reversed().map { back in
      let due = last.advanced(by: -Int64(back) * microseconds)
      return TaskID(key: Array(key(name).utf8), due: due, sha1: SHA1.digest).description
    }
  }
}

/// A message of a queue's list.
struct SentMessage {
  let envelope: JSONValue

  init?(_ bytes: [UInt8]) {
    guard let envelope = JSONValue(bytes) else { return nil }
    self.envelope = envelope
  }

  func header(_ name: String) -> JSONValue? { envelope["headers"]?[name] }
  func property(_ name: String) -> JSONValue? { envelope["properties"]?[name] }
  var id: String { header("id")?.text ?? "" }
  var task: String { header("task")?.text ?? "" }
}

/// A document of an enabled interval schedule of `every` seconds; `more` begins with a comma.
func schedule(_ name: String, every: String = "3600", task: String = "reports.build", _ more: String = "") -> String {
  #"{"name": "\#(name)", "task": "\#(task)", "enabled": true, "#
    + #""interval": {"every": \#(every), "period": "seconds"}\#(more)}"#
}

/// Lets a schedule fire as soon as it is seen.
let atOnce = #", "run_immediately": true"#
