import BeatCore
import BeatLoop

/// Rehearses a delivery to a broker that is another server than the store, on keys of its own and on a connection of
/// its own.
final class DeliveryRehearsal {
  private let item: OutboxItem
  private let url: RedisURL
  private let queue: [UInt8]
  private let kombu: KombuKeys
  /// A list that no worker reads, under a name that the ACL of a relay allows.
  private let list: [UInt8]
  private let loop: EventLoop
  private var finish: ((String?) -> Void)?
  private var dial: RedisDial?

  init(_ item: OutboxItem, to url: RedisURL, queue: [UInt8], kombu: KombuKeys, as instance: String, on loop: EventLoop)
  {
    self.item = item
    self.url = url
    self.queue = queue
    self.kombu = kombu
    self.loop = loop
    list = RedisKeys.delivered("rehearsal:\(instance)")
  }

  /// - Parameter finish: called once with the problem, or nil if there is none; not called after `cancel`.
  func start(_ finish: @escaping (String?) -> Void) {
    self.finish = finish
    // The timeouts are short, since this daemon cannot lead until the rehearsal ends.
    let dial = RedisDial(
      url, as: "beat-watch", on: loop, timeouts: RedisTimeouts(connect: 1_000_000, reply: 2_000_000))
    self.dial = dial
    dial.open { [weak self, url, kombu] connection in
      self?.deliver(
        BrokerScripts(connection: connection, kombu: kombu, database: url.database, brokerDatabase: url.database))
    } closed: { [weak self, url] in
      self?.end("the broker \(url) cannot be reached: \($0.message)")
    }
  }

  func cancel() {
    finish = nil
    dial?.cancel()
    dial = nil
  }

  private func end(_ problem: String?) {
    let finish = finish
    cancel()
    finish?(problem)
  }

  private func deliver(_ broker: BrokerScripts) {
    broker.tidy(list, RedisKeys.delivered(item.taskID)) { [weak self] _, error in
      guard let self, finish != nil, !broker.connection.isClosed else { return }
      if let error { return refused(error.message) }
      broker.relay(item.message, of: item.taskID, to: [list], after: []) { [weak self] outcome in
        guard let self, isWell(outcome) else { return }
        broker.connection.send(RedisCommand("EXPIRE", list, 60)) { _ in }
        broker.removed(item)
        // The same message again is a repeat, so nothing is pushed, but the script has named the queue to the server,
        // which has checked the right to it.
        broker.relay(
          item.message, of: item.taskID, to: [kombu.list(of: queue, priority: 0)], after: []
        ) { [weak self] outcome in
          guard let self, isWell(outcome) else { return }
          tidyUp(broker)
        }
      }
    }
  }

  private func refused(_ reason: String) { end("nothing can be delivered to the broker \(url): \(reason)") }

  /// Whether the rehearsal goes on. If not, this has ended it.
  private func isWell(_ outcome: RelayOutcome) -> Bool {
    switch outcome {
    case .delivered, .duplicate: return finish != nil
    case .tooSoon: refused("the rehearsal was disturbed")
    case .refused(let reason), .unable(let reason), .wrongServer(let reason): refused(reason)
    case .unknown: break  // `onClose` says why
    }
    return false
  }

  private func tidyUp(_ broker: BrokerScripts) {
    broker.tidy(list, RedisKeys.delivered(item.taskID)) { [weak self] tidied, error in
      guard let self, finish != nil, !broker.connection.isClosed else { return }
      if let error { return refused(error.message) }
      if let problem = tidied?.problem {
        return end("a message that reached some of its queues only could not be taken back (\(problem))")
      }
      broker.queues(boundTo: EntryName(queue).description, routingKey: "") { [weak self] _, error in
        guard let self, finish != nil, !broker.connection.isClosed else { return }
        tryRights(broker, bindings: error)
      }
    }
  }

  /// Tries the commands that a delivery can do without.
  private func tryRights(_ broker: BrokerScripts, bindings: RedisServerError?) {
    RightsTrial.run(
      on: broker.connection, keys: RedisKeys(prefix: ""), kombu: kombu, queue: EntryName(queue).description,
      scratch: list, places: [.queues, .relay], extent: .lesser,
      // Only a daemon that pushes to the queue from the store asks for its length.
      sparing: ["LLEN"]
    ) { [weak self] trial in
      guard let self, finish != nil else { return }
      let lack = trial.lack(user: url.username).map { "on the broker \(url), \($0)" }
      let problem = bindings.map { "the queues of named exchanges cannot be read on the broker (\($0.message))" }
      end(lack ?? problem)
    }
  }
}
