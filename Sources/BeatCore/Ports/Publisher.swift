/// A broker that gets the messages of an outbox.
///
/// `connect` leads to `.ready` or `.lost`, never inside the call. When the connection dies, every open `publish` is
/// answered with `.unknown`, and then `.lost` comes. After that, no call is answered any more, and `connect` may be
/// called again. Each answer comes exactly once, on the daemon's thread, and never inside the call, except that of
/// `resolve`.
package protocol Publisher: AnyObject {
  /// Whether a message arrives only once although it is published twice, because an answer was lost. If true, the
  /// publisher knows which messages have arrived. If false, every message whose answer was open when a connection died
  /// may arrive twice.
  var dropsRepeats: Bool { get }

  /// Connects to the broker. `event` is called until the connection is lost, or until `disconnect`.
  ///
  /// - Parameter leads: whether this daemon certainly leads now. A publisher that does not drop repeats asks right before it
  ///   sends a message: a process that was stopped may have been replaced meanwhile.
  func connect(while leads: @escaping () -> Bool, then event: @escaping (PublisherEvent) -> Void)
  /// Ends the connection silently. No event comes any more, and open calls are answered with `.unknown` in a later turn, or
  /// not at all.
  func disconnect()

  /// The lane of a route: messages of one lane must arrive in order. It is a queue with its priority, or an exchange
  /// with a routing key.
  func lane(of route: Route, priority: Int64) -> Lane

  /// Finds the destinations of these items, in their order. It is called before any of them is published, since the
  /// order depends on the queues. If the publisher need not ask the broker, `then` is called before this returns.
  func resolve(_ items: [OutboxItem], then: @escaping ([Destination]) -> Void)

  /// Puts one message on all its queues, or on none. Messages that are published one after the other arrive in that
  /// order, or not at all.
  ///
  /// - Parameter predecessors: tasks whose messages must have been delivered before. A publisher that drops repeats
  ///   knows whether they were, and answers `.tooSoon` if not. Any other publisher keeps the order of its connection,
  ///   and nothing more. It answers `.duplicate` for a message that the broker has confirmed to it and that has not left
  ///   the outbox.
  func publish(
    _ item: OutboxItem, to destination: Destination, after predecessors: [TaskID],
    then: @escaping (PublishOutcome) -> Void)

  /// Tells the publisher that the item has left the outbox and will not be published again.
  func forgotten(_ item: OutboxItem)

  /// Takes in what the application says from now on; nil: nothing. It may say how queues are declared.
  func follow(_ application: ApplicationManifest?)

  /// Publishes a message that no worker sees, on a connection of its own, to find out whether messages get through.
  ///
  /// - Parameter then: gets the obstacle; nil: there is none. Not called after `cancelRehearsal`.
  func rehearse(then: @escaping (String?) -> Void)
  /// Breaks the rehearsal off: its `then` is not called any more.
  func cancelRehearsal()

  /// Finds out whether the broker can be reached, on a connection of its own.
  ///
  /// - Parameter then: gets the reason why it cannot be used; nil: it would take messages. Not called after
  ///   `cancelProbe`.
  func probe(then: @escaping (String?) -> Void)
  /// Breaks the probe off: its `then` is not called any more.
  func cancelProbe()
}

extension Publisher {
  package func follow(_ application: ApplicationManifest?) {}
}

package enum PublisherEvent {
  /// Messages can be published.
  case ready
  /// The connection lives, and the broker takes no messages: it lacks memory or disk. The text says so for people. Until
  /// `.unblocked`, messages that are published are `.notSent`.
  case blocked(String)
  /// The broker takes messages again.
  case unblocked
  /// A message that was `.uncertain`, and that held back others of its lane, has arrived after all, or was refused.
  case settled
  /// The connection has died, or could not be made. `wasHungUp`: it ended after it had reached the server, which may
  /// close the connection of an idle client.
  case lost(reason: String, wasHungUp: Bool)
}

/// The unit in which messages keep their order, such as a queue.
package struct Lane: Hashable, Sendable {
  package let bytes: [UInt8]
  package init(_ bytes: [UInt8]) { self.bytes = bytes }
}

/// Where the publisher puts a message.
package struct Destination {
  /// The queues, as the broker names them. A broker that finds them itself needs none here.
  package var queues: [[UInt8]]
  /// The item's own lane, and those of its queues. In none of them may a message overtake a deferred one.
  package var lanes: [Lane]
  /// Why the item cannot be delivered; nil: it can.
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
  /// The message had been delivered before.
  case duplicate
  /// A message that must precede it has not been delivered.
  case tooSoon
  /// The broker changed nothing. The text says why, and where.
  case refused(String)
  /// The broker changed nothing, for a reason of the server, such as full memory: it takes messages from no client.
  case unable(String)
  /// The broker may have taken the message, though the connection lives: what would have confirmed it is gone. It is
  /// published again later. The text says why.
  case uncertain(String)
  /// This broker will never take the message, whatever becomes of its queues. The text names what is wrong with it.
  case impossible(String)
  /// The connection died first. The message may have been delivered all the same.
  case unknown
  /// The message was never sent: the broker takes none at present, or its turn did not come.
  case notSent
}
