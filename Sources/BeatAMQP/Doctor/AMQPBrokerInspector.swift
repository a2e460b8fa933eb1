import BeatCore
import BeatLoop

/// The queues in a virtual host of RabbitMQ, as passive declares show them. It connects at its first question.
package final class AMQPBrokerInspector: BrokerInspector {
  /// What a queue holds.
  private struct Queue {
    let messages: Int64
    let consumers: Int64
  }

  /// A queue as far as this user may see it.
  private enum Look {
    case there(Queue)
    /// It is there, and cannot be looked at: another connection has it for itself, or the user lacks a right.
    case hidden(String)
    case absent
  }

  private let dialler: AMQPDialler
  private let rule: DeclarationRule
  private let loop: EventLoop
  private var client: AMQPClient?

  package init(_ dialler: AMQPDialler, declaring rule: DeclarationRule, on loop: EventLoop) {
    self.dialler = dialler
    self.rule = rule
    self.loop = loop
  }

  /// Uses an open connection.
  init(_ client: AMQPClient, _ dialler: AMQPDialler, declaring rule: DeclarationRule, on loop: EventLoop) {
    self.client = client
    self.dialler = dialler
    self.rule = rule
    self.loop = loop
  }

  private var words: AMQPWords { client?.words ?? dialler.words }
  package var name: String { words.server }
  package let idleWorkerNote = ""
  package let priorityRule =
    "RabbitMQ serves the largest first, in queues with x-max-priority (on Redis, 0 comes first)"

  package func target(of route: Route) throws(StoreError) -> RouteTarget {
    switch route {
    case .queue(let name):
      let queue = Array(name.utf8)
      guard case .absent = try look(at: queue), case .none = rule else { return .queues([queue]) }
      return .nowhere(
        problem: words.missing(queue: name),
        fix: rule.advice)
    case .exchange(let name, _):
      // The default exchange is always there.
      guard !name.isEmpty, let short = AMQPShortString(name) else { return .exchange }
      guard case .failure(let refusal) = try ask(.exchangeDeclare(.passive(short))), refusal.code == .notFound else {
        return .exchange
      }
      return .nowhere(
        problem: words.missing(exchange: name),
        fix: "start a worker of the application that declares it, or name the \"queue\"")
    }
  }

  package func place(of queue: [UInt8], priority: Int64) -> [UInt8] { queue }
  package func queue(of place: [UInt8]) -> [UInt8] { place }
  package func words(for place: [UInt8]) -> String { EntryName(place).description }
  package func command(for place: [UInt8]) -> String { "basic.publish to queue \(EntryName(place))" }

  package func length(of place: [UInt8]) throws(StoreError) -> Int64? {
    if case .there(let queue) = try look(at: place) { queue.messages } else { nil }
  }

  package func contents(of queue: [UInt8]) throws(StoreError) -> QueueContents {
    switch try look(at: queue) {
    case .there(let queue): .messages(queue.messages)
    case .hidden(let reason): .hidden(right: reason)
    case .absent: .messages(0)
    }
  }

  /// A queue with consumers has its messages taken, as far as AMQP shows it.
  package func standstill(of queue: [UInt8]) throws(StoreError) -> Visible<[UInt8]?> {
    switch try look(at: queue) {
    case .there(let queue): .told(queue.messages > 0 && queue.consumers == 0 ? [0] : nil)
    case .hidden(let reason): .hidden(right: reason)
    case .absent: .told(nil)
    }
  }

  package func waitingWorkers(on queues: Set<[UInt8]>) throws(StoreError) -> Visible<Int> {
    var count: Int64 = 0
    for queue in queues {
      switch try look(at: queue) {
      case .there(let queue): count += queue.consumers
      case .hidden(let reason): return .hidden(right: reason)
      case .absent: break
      }
    }
    return .told(Int(clamping: count))
  }

  private func look(at queue: [UInt8]) throws(StoreError) -> Look {
    guard let name = AMQPShortString(queue) else { return .absent }
    switch try ask(.queueDeclare(.passive(name))) {
    case .success(.queueDeclareOK(_, let messages, let consumers)):
      return .there(Queue(messages: Int64(messages), consumers: Int64(consumers)))
    case .success: return .hidden("an answer that is none")
    case .failure(let refusal) where refusal.code == .notFound: return .absent
    case .failure(let refusal): return .hidden("\(refusal)")
    }
  }

  private func ask(_ method: AMQPMethod) throws(StoreError) -> Result<AMQPMethod, AMQPRefusal> {
    if let client { return try client.ask(method) }
    let client = try AMQPClient(dialler, on: loop)
    self.client = client
    return try client.ask(method)
  }
}
