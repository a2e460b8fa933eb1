/// How a message gets from a fire to the broker's queues.
package enum Delivery: String {
  /// The fire itself puts the message on its queues: store and broker are databases of one server.
  case direct
  /// The fire puts the message into the store's outbox, and the relay carries it to the broker: they are two servers,
  /// or may be.
  case outbox
}
