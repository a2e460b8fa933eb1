import BeatCore
import BeatLoop

/// A synchronous client of the store, for commands of a shell: one connection, opened as the daemon opens its own, and
/// calls that wait for the answer. The daemon itself never waits.
///
/// Each answer has a deadline of 10 s. After an error of the kind `.unreachable` every further call fails.
package final class RedisStoreClient: StoreEditor {
  /// The deadline for each answer, and for connecting with all addresses; microseconds.
  package static let patience: Int64 = 10_000_000

  package let url: RedisURL
  package var name: String { "\(url)" }
  package var terms: any StoreTerms { RedisTerms() }
  package let keys: RedisKeys
  package var prefix: [UInt8] { keys.prefix }
  package func place(of name: EntryName) -> [UInt8] { keys.document(name) }
  package func canHold(_ name: EntryName) -> Bool { keys.entry(of: keys.document(name)) == name }
  package var isDubious: Bool { PrefixDoubt.isDubious(keys.prefix) }
  package func doubt(_ names: [EntryName]) -> PlaceDoubt? { PlaceDoubt(prefix: keys.prefix, names: names) }
  /// The connection's loop. It runs only while a call waits, or while the owner runs it.
  package let loop: EventLoop
  /// The connection, for an owner that runs the loop itself.
  package let connection: RedisConnection

  /// Where the workers' queues are; nil: not on Redis, or not known.
  private let broker: RedisURL?
  /// The workers' names of keys.
  private let kombu: KombuKeys
  /// The form in which the broker takes messages, for previews.
  let envelope: any MessageEnvelope

  /// The names that the last scan has left out, as a sentence; nil: none.
  package internal(set) var ignoredNames: String?
  /// Where a cluster has the keys.
  let home: ClusterHome
  private let wholeSlot: WholeSlot?

  /// Connects and logs in. A Sentinel URL leads to the present primary, and a node of a cluster to the keys' own.
  ///
  /// - Parameters:
  ///   - broker: where the workers' queues are; nil: not on Redis, or not known.
  ///   - kombu: the workers' names of keys.
  ///   - home: where a cluster has the keys, of another connection; nil: it is not known yet.
  ///   - isStore: false: the server need not have the keys, and any node of a cluster will do.
  ///   - loop: a loop of the calling thread; nil: the client makes its own.
  package init(
    _ url: RedisURL, keys: RedisKeys, broker: RedisURL? = nil, kombu: KombuKeys = .standard,
    envelope: any MessageEnvelope = KombuRedisEnvelope(), clientName: String = "beat-watch-command",
    at home: ClusterHome? = nil, isStore: Bool = true, on loop: EventLoop? = nil
  ) throws(StoreError) {
    self.broker = broker
    self.kombu = kombu
    self.envelope = envelope
    self.url = url
    self.keys = keys
    do { self.loop = try loop ?? EventLoop() } catch { throw StoreError(.refused, "\(error)") }
    let home = home ?? ClusterHome(keys)
    self.home = home
    let connection = try Self.connect(url, at: isStore ? home : nil, as: clientName, on: self.loop)
    self.connection = connection
    wholeSlot = home.fit.map { WholeSlot($0.slot, on: connection) }
  }

  deinit { close() }

  package var isClosed: Bool {
    // A connection's end arrives in one turn of the loop and is reported in the next.
    for _ in 0..<2 where !connection.isClosed && !loop.isRunning { loop.serveReady() }
    return connection.isClosed
  }

  /// Closes the connection, even if the loop does not run. Closing again does nothing.
  package func close() {
    guard !connection.isClosed else { return }
    connection.close()
    // A connection ends in the loop's next turn.
    if !loop.isRunning { loop.serveReady() }
  }

  private static func connect(
    _ url: RedisURL, at home: ClusterHome?, as clientName: String, on loop: EventLoop
  ) throws(StoreError) -> RedisConnection {
    let dial = RedisDial(
      url, at: home, as: clientName, on: loop, timeouts: RedisTimeouts(connect: patience, reply: patience))
    var (connection, failure): (RedisConnection?, RedisConnectionError?)
    loop.wait { done in
      dial.open {
        connection = $0
        done()
      } closed: {
        failure = $0
        done()
      }
    }
    if let connection { return connection }
    throw failure.map { StoreError($0) } ?? StoreError(.unreachable, "\(url): the connection was closed")
  }

  // MARK: commands

  /// Sends a command and waits for its reply. Throws the server's error, too.
  package func command(_ command: RedisCommand) throws(StoreError) -> RedisReply {
    let reply = try replies(to: [command])[0]
    if let error = reply.error { throw failure(error) }
    return reply
  }

  /// Sends commands together and waits for all replies, in their order. An error among them is a reply like any other.
  package func replies(to commands: [RedisCommand]) throws(StoreError) -> [RedisReply] {
    guard !commands.isEmpty else { return [] }
    var replies: [RedisReply] = []
    replies.reserveCapacity(commands.count)
    loop.wait { done in
      var owed = commands.count
      for command in commands {
        connection.send(command) { reply in
          if let reply { replies.append(reply) }
          owed -= 1
          if owed == 0 { done() }
        }
      }
    }
    guard replies.count == commands.count else { throw lost }
    return replies
  }

  /// Walks through the keys of the database or the fields of a hash, to the end or until `take` returns false.
  ///
  /// - Parameters:
  ///   - name: the command's name: SCAN or HSCAN.
  ///   - step: makes the command for a cursor.
  func walk(
    _ name: String, by step: (_ cursor: String) -> RedisCommand, _ take: ([RedisReply]) throws(StoreError) -> Bool
  ) throws(StoreError) {
    var walk = ScanWalk()
    repeat {
      guard let answer = walk.take(try command(step(walk.cursor))) else { throw misfit(name) }
      guard try take(answer.found) else { return }
    } while !walk.isAtEnd
  }

  /// The error for a reply that the command cannot give.
  func misfit(_ name: String) -> StoreError { StoreError(.refused, "\(url) gave an answer to \(name) that is none") }

  /// Runs a script. Throws the server's error, too; a script may have written before it failed.
  package func evaluate(_ script: LuaScript, keys: [[UInt8]], arguments: [[UInt8]]) throws(StoreError) -> RedisReply {
    let reply = try evaluate(script, [(keys, arguments)])[0]
    if let error = reply.error { throw failure(error) }
    return reply
  }

  /// Runs a script several times in one round trip. An error among the replies is a reply like any other.
  func evaluate(
    _ script: LuaScript, _ calls: [(keys: [[UInt8]], arguments: [[UInt8]])]
  ) throws(StoreError) -> [RedisReply] {
    guard !calls.isEmpty else { return [] }
    var replies: [RedisReply?] = Array(repeating: nil, count: calls.count)
    loop.wait { done in
      var owed = calls.count
      for (index, call) in calls.enumerated() {
        script.evaluate(on: connection, keys: call.keys, arguments: call.arguments) { reply in
          replies[index] = reply
          owed -= 1
          if owed == 0 { done() }
        }
      }
    }
    let answered = replies.compactMap { $0 }
    guard answered.count == calls.count else { throw lost }
    return answered
  }

  /// A server's error as a `StoreError`. Redis does not say which key has the wrong type, so the types of the daemon's
  /// own keys are checked.
  package func failure(_ error: RedisServerError) -> StoreError {
    // The keys are elsewhere from now on, and only another connection leads there.
    if error.isOfAnotherNode { close() }
    let plain = StoreError(error, from: url)
    guard plain.kind == .wrongType, let (key, type) = try? misfits().first else { return plain }
    return StoreError(
      .wrongType,
      "\(url): \(EntryName(key)) holds another Redis type than is needed, a \(type) and no \(keys.type(of: key)): "
        + "rename or delete that key (\(error.words))")
  }

  /// The daemon's own keys that hold another Redis type than they must, with that type.
  package func misfits() throws(StoreError) -> [(key: [UInt8], type: String)] {
    let own = keys.own
    return zip(own, try replies(to: own.map { RedisCommand("TYPE", $0) })).compactMap { key, reply in
      reply.text.flatMap { $0 == "none" || $0 == keys.type(of: key) ? nil : (key, $0) }
    }
  }

  /// The error for a call without an answer.
  var lost: StoreError {
    connection.closeError.map { StoreError($0) } ?? StoreError(.unreachable, "\(url): the connection was closed")
  }

  /// Which lists a fire can reach; nil: all, since the broker is not this cluster.
  private var queueFit: ClusterFit? {
    guard let broker, let fit = clusterFit else { return nil }
    if broker.location == url.location { return fit }
    return broker.named.contains { (home.nodes + url.named).contains($0) } ? fit : nil
  }

  package func problem(ofPlace place: [UInt8], named name: String) throws(StoreError) -> String? {
    queueFit?.problem(ofList: place, queue: name)
  }

  package func fitted(_ context: DocumentContext, defaultQueue: () throws -> String) throws -> DocumentContext {
    guard let fit = queueFit else { return context }
    return fit.applied(to: context, defaultQueue: try defaultQueue(), kombu: kombu)
  }

  // MARK: schedules

  /// The time by Redis' clock, by which schedules are due.
  package func time() throws(StoreError) -> UnixTime {
    let parts = try command(RedisCommand("TIME")).array ?? []
    guard parts.count == 2, let time = UnixTime(told: parts[0].text, parts[1].text) else {
      throw StoreError(.refused, "\(url) does not tell the time")
    }
    return time
  }

  var scripts: StoreScripts {
    var scripts = StoreScripts(
      connection: connection, keys: keys, kombu: .standard, storeDatabase: url.database, brokerDatabase: url.database,
      maximumDocumentLength: Limit.documentLength.most + Bookkeeping.room, maximumLead: 0, delivery: .direct,
      outboxLimit: 0,
      historyLength: 0)
    scripts.wholeSlot = wholeSlot
    return scripts
  }
}

/// Belongs to its loop's thread.
@available(*, unavailable)
extension RedisStoreClient: Sendable {}
