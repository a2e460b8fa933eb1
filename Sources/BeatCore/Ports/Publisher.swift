/// A broker that takes messages out of an outbox.
///
/// `connect` leads to `.ready` or `.lost`, never inside the call. What is open when the connection dies is answered with
/// `.unknown`, and then `.lost` comes; after that nothing is answered any more, and `connect` may be called again. Answers
/// come exactly once, on the daemon's thread, and never inside the call, but for those of `resolve`.
package protocol Publisher: AnyObject {
  /// Whether a message that is published twice, since an answer was lost, arrives once. Where it does, the publisher knows
  /// which messages have arrived; where it does not, repeats are those of what was on its way when a connection died.
  var dropsRepeats: Bool { get }

  func connect(then event: @escaping (PublisherEvent) -> Void)
  /// Ends the connection without a word: no event comes any more, and what is open is answered with `.unknown` in a later
  /// turn.
  func disconnect()

  /// What must arrive in order: a queue with its priority, or what goes to an exchange by one routing key.
  func lane(of route: Route, priority: Int64) -> Lane

  /// Where these items go, in their order: before any of them is published, since order depends on knowing the queues. Where
  /// nothing has to be asked, `then` is called before this returns.
  func resolve(_ items: [OutboxItem], then: @escaping ([Destination]) -> Void)

  /// Puts one message on its queues, whole or not at all. Messages that are published one after the other arrive in that
  /// order, or not at all.
  ///
  /// - Parameter predecessors: tasks whose messages must have been put there before. A publisher that drops repeats knows
  ///   whether they were, and answers `.tooSoon` if not; another one keeps the order of its connection, and that is all.
  func publish(
    _ item: OutboxItem, to destination: Destination, after predecessors: [TaskID],
    then: @escaping (PublishOutcome) -> Void)

  /// The item is no longer in the outbox: it will not be published again.
  func forgotten(_ item: OutboxItem)

  /// Publishes a message that no worker sees, to find out whether it would go through; by a connection of its own.
  ///
  /// - Parameter then: gets what is in the way; nil: nothing is. Not called after `cancelRehearsal`.
  func rehearse(then: @escaping (String?) -> Void)
  func cancelRehearsal()

  /// Looks whether the broker could be reached, by a connection of its own.
  ///
  /// - Parameter then: gets why it is of no use; nil: it would take messages. Not called after `cancelProbe`.
  func probe(then: @escaping (String?) -> Void)
  func cancelProbe()
}

package enum PublisherEvent {
  /// Messages can be published.
  case ready
  /// The connection has died, or could not be had. A server may hang up on clients that rest (`wasHungUp`).
  case lost(reason: String, wasHungUp: Bool)
}

/// A queue, or whatever keeps the order of messages.
package struct Lane: Hashable, Sendable {
  package let bytes: [UInt8]
  package init(_ bytes: [UInt8]) { self.bytes = bytes }
}

/// Where a message goes.
package struct Destination {
  /// The queues as the broker names them; a broker that finds them itself needs none here.
  package var queues: [[UInt8]]
  /// The item's own lane, and those of its queues: a message behind one that is held must not overtake it in any of them.
  package var lanes: [Lane]
  /// Why it cannot be delivered.
  package var problem: String?

  package init(queues: [[UInt8]], lanes: [Lane], problem: String? = nil) {
    self.queues = queues
    self.lanes = lanes
    self.problem = problem
  }
}

/// What became of one message.
package enum PublishOutcome: Hashable {
  case delivered
  /// It had been delivered before.
  case duplicate
  /// A message that goes before it is not there yet.
  case tooSoon
  /// Nothing was changed; the text says what and where.
  case refused(String)
  /// The same, for a reason that is the server's, such as full memory: it takes from nobody.
  case unable(String)
  /// The connection died first: it may have been delivered all the same.
  case unknown
}
