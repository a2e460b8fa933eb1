import BeatCore

extension AMQPMessage {
  /// An empty message for a queue that is not there.
  init(rehearsing queue: AMQPShortString) {
    var properties = AMQPProperties()
    properties.correlationID = queue
    self.init(
      exchange: .empty, routingKey: queue, correlationID: queue,
      header: AMQPContentHeader(bodyLength: 0, properties: properties).payload, body: [])
  }
}
