import BeatCore

/// Which exchanges are there, and which queues where the daemon may declare them: looked at once on a connection, on a
/// channel that no message uses.
///
/// A passive declare changes nothing and needs no rights. The server closes the channel to say "not found". Were a message
/// sent to such an exchange instead, all that are on their way on its channel would be in doubt.
final class AMQPTopology {
  private static let most = 10_000
  /// How long the answers of one look may take; microseconds. A queue's process that hangs does not answer, while the
  /// connection lives.
  private static let patience: Int64 = 10_000_000

  private let connection: AMQPConnection
  /// How a queue is declared that is not there; nil: it is not.
  var declaration: QueueDeclaration?
  private let words: AMQPWords
  private let surroundings: any Surroundings
  private lazy var timer = surroundings.makeTimer { [unowned self] in abandon() }
  private var channel: AMQPChannel?
  private var known: Set<String> = []
  /// The looks, in their order: the first goes on, and the others wait.
  private var looks: [(routes: [Route], completion: ([Route: String]) -> Void)] = []
  /// Grows with `abandon`, so that late answers are told apart.
  private var generation = 0

  init(
    on connection: AMQPConnection, declaring declaration: QueueDeclaration?, words: AMQPWords,
    in surroundings: any Surroundings
  ) {
    self.connection = connection
    self.surroundings = surroundings
    self.declaration = declaration
    self.words = words
  }

  /// Finds what is not there of these routes, and why.
  ///
  /// - Parameter then: called inside this call if nothing need be asked. Not called if the connection is lost.
  func examine(_ routes: Set<Route>, then completion: @escaping ([Route: String]) -> Void) {
    let unknown = routes.filter { isOfInterest($0) && !known.contains(Self.key($0)) }
    guard !unknown.isEmpty else { return completion([:]) }
    looks.append((unknown.sorted { $0.name < $1.name }, completion))
    if looks.count == 1 { lookAtFirst() }
  }

  /// Gives up what is being looked at, as if all of it were there: a server that is blocked, or whose queue hangs, does not
  /// answer. Each message then tells for itself.
  func abandon() {
    generation += 1
    channel?.close()
    channel = nil
    let given = looks
    looks = []
    timer.cancel()
    for look in given { look.completion([:]) }
  }

  private func lookAtFirst() {
    guard let look = looks.first else { return timer.cancel() }
    timer.schedule(after: Self.patience)
    let generation = generation
    examine(look.routes[...], [:]) { [weak self] problems in
      guard let self, generation == self.generation, !looks.isEmpty else { return }
      let ended = looks.removeFirst()
      // What the completion asks for comes behind the looks that wait.
      lookAtFirst()
      ended.completion(problems)
    }
  }

  /// Looks at this route again at the next question.
  func forget(_ route: Route) { known.remove(Self.key(route)) }

  private func isOfInterest(_ route: Route) -> Bool {
    switch route {
    case .queue: declaration != nil
    // The default exchange is always there.
    case .exchange(let name, _): !name.isEmpty
    }
  }

  /// Routes with the same key need one look.
  private static func key(_ route: Route) -> String {
    switch route {
    case .queue(let name): "queue\0\(name)"
    case .exchange(let name, _): "exchange\0\(name)"
    }
  }

  private func examine(
    _ routes: ArraySlice<Route>, _ problems: [Route: String], then completion: @escaping ([Route: String]) -> Void
  ) {
    guard let route = routes.first else { return completion(problems) }
    let generation = generation
    examine(route) { [weak self] problem in
      guard let self, generation == self.generation else { return }
      var problems = problems
      if let problem {
        problems[route] = problem
      } else {
        if known.count >= Self.most { known.removeAll() }
        known.insert(Self.key(route))
      }
      examine(routes.dropFirst(), problems, then: completion)
    }
  }

  private func examine(_ route: Route, then completion: @escaping (String?) -> Void) {
    switch route {
    case .exchange(let name, _):
      guard let short = AMQPShortString(name) else { return completion(nil) }
      ask(.exchangeDeclare(.passive(short))) { [words] result in
        switch result {
        case .success: completion(nil)
        case .failure(let refusal) where refusal.code == .notFound:
          completion(words.absent(exchange: name))
        // What this user may not see may be there all the same.
        case .failure: completion(nil)
        }
      }
    case .queue(let name):
      guard let short = AMQPShortString(name) else { return completion(nil) }
      ask(.queueDeclare(.passive(short))) { [weak self] result in
        guard case .failure(let refusal) = result else { return completion(nil) }
        // An exclusive queue of another connection is there as well.
        guard refusal.code == .notFound else { return completion(nil) }
        self?.declare(short, then: completion)
      }
    }
  }

  private func declare(_ queue: AMQPShortString, then completion: @escaping (String?) -> Void) {
    guard let declaration else { return completion(nil) }
    ask(.queueDeclare(AMQPQueueDeclaration(name: queue, arguments: declaration.arguments))) { [words] result in
      switch result {
      case .success: completion(nil)
      // A worker was faster, with a form of its own.
      case .failure(let refusal) where refusal.code == .preconditionFailed: completion(nil)
      case .failure(let refusal): completion(words.undeclared(queue.text, refusal))
      }
    }
  }

  private func ask(_ method: AMQPMethod, then completion: @escaping (Result<AMQPMethod, AMQPRefusal>) -> Void) {
    guard let channel = channel ?? open() else {
      return completion(.failure(AMQPRefusal(.channelError, "no channel is left on the connection")))
    }
    channel.request(method, then: completion)
  }

  private func open() -> AMQPChannel? {
    let generation = generation
    channel = connection.openChannel { [weak self] in
      // The server may close a channel that was given up while a later one is in use.
      if generation == self?.generation { self?.channel = nil }
    }
    return channel
  }
}
