extension [UInt8] {
  /// The payload of a method's frame.
  mutating func append(_ method: AMQPMethod) {
    append(big: method.id.classID)
    append(big: method.id.methodID)
    switch method {
    case .start(let properties, let mechanisms):
      // The version of the protocol: 0-9.
      append(0)
      append(9)
      append(properties)
      append(long: mechanisms.utf8)
      append(long: AMQPMethod.locale.bytes)
    case .startOK(let properties, let mechanism, let response):
      append(properties)
      append(short: mechanism)
      append(long: response)
      append(short: AMQPMethod.locale)
    case .tune(let tuning), .tuneOK(let tuning):
      append(big: tuning.channelMax)
      append(big: tuning.frameMax)
      append(big: tuning.heartbeat)
    case .open(let virtualHost):
      append(short: virtualHost)
      append(short: .empty)
      append(bits: false)
    case .openOK: append(short: .empty)
    case .close(let closing), .channelClose(let closing): append(closing)
    case .blocked(let reason): append(short: reason)
    case .channelOpen: append(short: .empty)
    case .channelOpenOK: append(big: UInt32(0))
    case .channelFlow(let isActive), .channelFlowOK(let isActive): append(bits: isActive)
    case .confirmSelect: append(bits: false)
    case .exchangeDeclare(let exchange): append(exchange)
    case .queueDeclare(let queue): append(queue)
    case .queueDeclareOK(let name, let messages, let consumers):
      append(short: name)
      append(big: messages)
      append(big: consumers)
    case .queueBind(let queue, let exchange, let routingKey, let arguments):
      append(big: UInt16(0))
      append(short: queue)
      append(short: exchange)
      append(short: routingKey)
      append(bits: false)
      append(arguments)
    case .queueDelete(let name, let onlyUnused, let onlyEmpty):
      append(big: UInt16(0))
      append(short: name)
      append(bits: onlyUnused, onlyEmpty, false)
    case .queueDeleteOK(let messages): append(big: messages)
    case .publish(let exchange, let routingKey, let isMandatory):
      append(big: UInt16(0))
      append(short: exchange)
      append(short: routingKey)
      append(bits: isMandatory, false)
    case .returned(let code, let text, let exchange, let routingKey):
      append(big: code.rawValue)
      append(short: text)
      append(short: exchange)
      append(short: routingKey)
    case .ack(let tag, let upToTag):
      append(big: tag)
      append(bits: upToTag)
    case .nack(let tag, let upToTag, let requeue):
      append(big: tag)
      append(bits: upToTag, requeue)
    case .closeOK, .unblocked, .channelCloseOK, .confirmSelectOK, .exchangeDeclareOK, .queueBindOK: break
    }
  }

  private mutating func append(_ closing: AMQPClosing) {
    append(big: closing.code.rawValue)
    append(short: closing.text)
    append(big: closing.cause.classID)
    append(big: closing.cause.methodID)
  }

  private mutating func append(_ exchange: AMQPExchangeDeclaration) {
    append(big: UInt16(0))
    append(short: exchange.name)
    append(short: exchange.kind)
    append(bits: exchange.isPassive, exchange.isDurable, exchange.isAutoDelete, exchange.isInternal, false)
    append(exchange.arguments)
  }

  private mutating func append(_ queue: AMQPQueueDeclaration) {
    append(big: UInt16(0))
    append(short: queue.name)
    append(bits: queue.isPassive, queue.isDurable, queue.isExclusive, queue.isAutoDelete, false)
    append(queue.arguments)
  }

  /// Flags that follow one another share an octet, the first of them in its lowest bit.
  private mutating func append(bits flags: Bool...) {
    append(flags.enumerated().reduce(0) { $0 | ($1.element ? 1 << UInt8(truncatingIfNeeded: $1.offset) : 0) })
  }
}

extension AMQPMethod {
  /// The only one that servers have.
  static let locale: AMQPShortString = "en_US"
}
