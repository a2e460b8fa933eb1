@testable import BeatCore
@testable import BeatDriver

/// The daemon that ships, on virtual time, with a model as its store.
final class SimulatedDaemon {
  let instance: String
  let surroundings: VirtualSurroundings
  private let connector: ModelConnector
  private let daemon: Daemon
  /// SIGSTOP: until then the process does nothing, while the world goes on.
  var frozenUntil: UnixTime?
  /// Until then no answer and no event reaches the daemon, though it is alive.
  var deafUntil: UnixTime?

  /// Whether the daemon has ended. It is an object, since the daemon may report it before `self` is initialised.
  private final class Ending { var hasEnded = false }
  private let ending: Ending

  /// - Parameter observe: gets the daemon's events.
  init(
    _ configuration: DaemonConfiguration, offset: Int64, at time: UnixTime, seed: UInt64,
    observe: @escaping (DaemonEvent) -> Void = { _ in }
  ) throws {
    instance = configuration.instance
    surroundings = VirtualSurroundings(at: time, offset: offset, seed: seed)
    connector = ModelConnector(configuration.instance, surroundings)
    let ending = Ending()
    self.ending = ending
    daemon = try Daemon(
      configuration, in: surroundings, store: connector, broker: NoPublisher(), readers: [observe]
    ) { _ in ending.hasEnded = true }
    surroundings.turn(at: time) { daemon.start() }
  }

  var scheduler: Scheduler { daemon.dispatcher.scheduler }
  var isLeading: Bool { daemon.election.isLeading }

  private var connection: ModelConnection? { connector.connection }
  var isConnected: Bool { connection != nil }
  var isWatching: Bool { connection?.stage == .watching }
  var isSubscribed: Bool { connection?.isSubscribed ?? false }
  var isWaitingToSubscribe: Bool { connection?.isWaitingToSubscribe ?? false }
  var isQuiet: Bool { connection?.isQuiet ?? true }
  var requests: [ModelConnector.Request] { connection?.requests ?? [] }
  var replies: [ModelConnector.Reply] { connection?.replies.map(\.reply) ?? [] }
  var events: [ModelStore.Change] { connection?.events ?? [] }
  /// The documents of this name in answers that are on their way.
  func answers(of name: EntryName) -> [[UInt8]] { connection?.answers(of: name) ?? [] }
  /// Whether the process has come to its end.
  var hasEnded: Bool { ending.hasEnded }

  func isFrozen(at time: UnixTime) -> Bool { frozenUntil.map { time < $0 } ?? false }
  func isDeaf(at time: UnixTime) -> Bool { deafUntil.map { time < $0 } ?? false }
  func isDue(at time: UnixTime) -> Bool { surroundings.due(at: time) != nil }

  /// The true time at which the next timer goes off.
  var nextWake: UnixTime? { surroundings.nextWake }

  // MARK: what happens to it

  /// Calls the handler of the timer that is due first.
  func wake(at time: UnixTime) { surroundings.turn(at: time) { surroundings.due(at: time)?.goOff() } }

  func subscribed(at time: UnixTime) { surroundings.turn(at: time) { connection?.subscribed() } }

  /// The connection of the events dies alone.
  func silence() { connection?.silence() }

  /// Loads everything again on the same connection: scripts may be on their way.
  func reload(at time: UnixTime) { surroundings.turn(at: time) { daemon.session?.loadAll(isReload: true) } }

  /// Both connections die.
  /// - Parameter isNoticedFirst: whether the daemon itself ends them, and so knows it before the open requests are
  /// lost.
  func disconnect(at time: UnixTime, isNoticedFirst: Bool) {
    surroundings.turn(at: time) {
      if isNoticedFirst { daemon.restart(.notReady("ended")) } else { connection?.end(.lost("died")) }
    }
  }

  /// SIGTERM
  func stop(at time: UnixTime) { surroundings.turn(at: time) { daemon.stop() } }

  /// kill -9
  func die() {
    connection?.close()
    daemon.close()
  }

  func tell(_ change: ModelStore.Change) { connection?.tell(change) }
  func hear(at time: UnixTime) { surroundings.turn(at: time) { connection?.hear() } }
  func take(at time: UnixTime) { surroundings.turn(at: time) { connection?.takeReply() } }

  // MARK: its connection, as the server sees it

  func takeRequest() -> ModelConnector.Request? { connection?.takeRequest() }
  func answer(_ reply: ModelConnector.Reply) { connection?.answer(reply) }

  func takeAbandoned() -> [ModelConnector.Request] {
    defer { connector.abandoned.removeAll() }
    return connector.abandoned
  }
}
