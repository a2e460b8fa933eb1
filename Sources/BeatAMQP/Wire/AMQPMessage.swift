import BeatCore

/// A task's message as Celery would send it to RabbitMQ, of the neutral one that waits in an outbox.
/// (Source: celery/app/amqp.py `send_task_message`, kombu/transport/pyamqp.py `prepare_message`.)
package struct AMQPMessage: Equatable, Sendable {
  package let exchange: AMQPShortString
  package let routingKey: AMQPShortString
  /// By which a message that comes back is known.
  package let correlationID: AMQPShortString
  /// The payload of the content header's frame.
  package let header: [UInt8]
  package let body: ArraySlice<UInt8>

  init(
    exchange: AMQPShortString, routingKey: AMQPShortString, correlationID: AMQPShortString, header: [UInt8],
    body: ArraySlice<UInt8>
  ) {
    (self.exchange, self.routingKey, self.correlationID) = (exchange, routingKey, correlationID)
    (self.header, self.body) = (header, body)
  }

  /// - Parameter mostHeader: the longest content header that the server takes, `AMQPFrameWriter.mostHeader`.
  package init(_ item: OutboxItem, mostHeader: Int) throws(ImpossibleMessage) {
    guard let message = OutboxMessage(item.message) else {
      throw ImpossibleMessage("message", found: item.message, "no daemon has written this: take it out of the outbox")
    }
    exchange = try Self.name("exchange", item.route.exchange)
    switch item.route {
    case .queue(let queue): routingKey = try Self.name("queue", queue)
    case .exchange(_, let key): routingKey = try Self.name("routing_key", key)
    }
    correlationID = try Self.name("correlation_id", message.correlationID)
    body = message.body
    header = try Self.header(of: message, correlationID)
    guard header.count <= mostHeader else {
      throw ImpossibleMessage(
        "headers",
        "with the properties they have \(Plural.of(header.count, "byte")), and the server takes \(mostHeader) at most: put what is "
          + "large into the arguments, or raise frame_max there")
    }
  }

  private static func header(
    of message: OutboxMessage, _ correlationID: AMQPShortString
  ) throws(ImpossibleMessage) -> [UInt8] {
    var flags: AMQPProperties.Flags = [
      .contentType, .contentEncoding, .headers, .deliveryMode, .priority, .correlationID, .replyTo,
    ]
    let expiration = message.expiration.flatMap(Self.expiration)
    if expiration != nil { flags.insert(.expiration) }
    var writer = TableWriter()
    writer.output.reserveCapacity(1024)
    writer.output.beginContentHeader(bodyLength: UInt64(message.body.count))
    writer.output.append(big: flags.rawValue)
    writer.output.append(short: contentType)
    writer.output.append(short: contentEncoding)
    try writer.append("headers", object: message.headerObject)
    writer.output.append(try octet("delivery_mode", message.deliveryMode))
    writer.output.append(try octet("priority", message.priority))
    writer.output.append(short: correlationID)
    writer.output.append(short: try name("reply_to", message.replyTo))
    if let expiration { writer.output.append(short: expiration) }
    return writer.output
  }

  private static let contentType = AMQPShortString(cutting: TaskMessage.contentType.description)
  private static let contentEncoding = AMQPShortString(cutting: TaskMessage.contentEncoding.description)

  /// RabbitMQ refuses to keep a message for longer, in milliseconds: ten years. One that expires later does so by its
  /// header, which the worker reads.
  private static let mostExpiration: Int64 = 315_360_000_000

  private static func expiration(_ milliseconds: Int64) -> AMQPShortString? {
    milliseconds > mostExpiration ? nil : AMQPShortString(cutting: "\(max(0, milliseconds))")
  }

  private static func name(_ field: String, _ text: String) throws(ImpossibleMessage) -> AMQPShortString {
    guard let name = AMQPShortString(text) else {
      throw ImpossibleMessage(
        field, found: text.utf8,
        "it has \(Plural.of(text.utf8.count, "byte")), and AMQP takes \(AMQPShortString.mostBytes) at most: shorten it")
    }
    return name
  }

  private static func octet(_ field: String, _ number: Int64) throws(ImpossibleMessage) -> UInt8 {
    guard let octet = UInt8(exactly: number) else {
      throw ImpossibleMessage(field, found: "\(number)".utf8, "RabbitMQ takes 0 to 255: change the document")
    }
    return octet
  }
}

extension AMQPFrameWriter {
  /// A `publish` and what follows it.
  ///
  /// - Parameter message: made for this writer's `mostHeader`.
  package func append(_ message: AMQPMessage, isMandatory: Bool, channel: UInt16, to bytes: inout [UInt8]) {
    append(
      .publish(exchange: message.exchange, routingKey: message.routingKey, isMandatory: isMandatory),
      channel: channel, to: &bytes)
    append(header: message.header, body: message.body, channel: channel, to: &bytes)
  }
}
