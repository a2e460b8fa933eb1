/// How a message gets from a fire to the broker's queues.
package enum Delivery: String {
  /// Store and broker are databases of one server: the fire puts it there itself.
  case direct
  /// They are two servers, or may be: the fire puts it into the store's outbox, and the relay carries it on.
  case outbox
}
