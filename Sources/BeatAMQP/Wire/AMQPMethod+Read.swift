extension AMQPMethod {
  /// - Parameter payload: of a method's frame.
  package init(_ payload: ArraySlice<UInt8>) throws(AMQPError) {
    var reader = AMQPReader(payload)
    let id = AMQPMethodID(classID: try reader.short(), methodID: try reader.short())
    switch id.classID {
    case 10: self = try Self.connection(id, from: &reader)
    case 20, 85: self = try Self.channel(id, from: &reader)
    case 40, 50: self = try Self.place(id, from: &reader)
    default: self = try Self.message(id, from: &reader)
    }
    try reader.finish()
  }

  private static func connection(
    _ id: AMQPMethodID, from reader: inout AMQPReader
  ) throws(AMQPError) -> AMQPMethod {
    switch id {
    case .start:
      let (major, minor) = (try reader.octet(), try reader.octet())
      guard major == 0, minor == 9 else {
        throw AMQPError(nil, "the server speaks AMQP \(major)-\(minor); RabbitMQ's 0-9-1 is needed")
      }
      let properties = try AMQPTable(from: &reader)
      let mechanisms = String(decoding: try reader.longString(), as: UTF8.self)
      _ = try reader.longString()
      return .start(serverProperties: properties, mechanisms: mechanisms)
    case .startOK:
      let properties = try AMQPTable(from: &reader)
      let (mechanism, response) = (try reader.shortString(), try reader.longString())
      _ = try reader.shortString()
      return .startOK(clientProperties: properties, mechanism: mechanism, response: response)
    case .secure:
      throw AMQPError(.notImplemented, "the server wants a second round of the login, which is not supported")
    case .tune: return .tune(try tuning(from: &reader))
    case .tuneOK: return .tuneOK(try tuning(from: &reader))
    case .open:
      let virtualHost = try reader.shortString()
      _ = (try reader.shortString(), try reader.octet())
      return .open(virtualHost: virtualHost)
    case .openOK:
      _ = try reader.shortString()
      return .openOK
    case .close: return .close(try closing(from: &reader))
    case .closeOK: return .closeOK
    case .blocked: return .blocked(reason: try reader.shortString())
    case .unblocked: return .unblocked
    default: throw unknown(id)
    }
  }

  private static func channel(_ id: AMQPMethodID, from reader: inout AMQPReader) throws(AMQPError) -> AMQPMethod {
    switch id {
    case .channelOpen:
      _ = try reader.shortString()
      return .channelOpen
    case .channelOpenOK:
      _ = try reader.longString()
      return .channelOpenOK
    case .channelFlow: return .channelFlow(isActive: try reader.octet() & 1 != 0)
    case .channelFlowOK: return .channelFlowOK(isActive: try reader.octet() & 1 != 0)
    case .channelClose: return .channelClose(try closing(from: &reader))
    case .channelCloseOK: return .channelCloseOK
    case .confirmSelect:
      _ = try reader.octet()
      return .confirmSelect
    case .confirmSelectOK: return .confirmSelectOK
    default: throw unknown(id)
    }
  }

  private static func place(_ id: AMQPMethodID, from reader: inout AMQPReader) throws(AMQPError) -> AMQPMethod {
    switch id {
    case .exchangeDeclare:
      _ = try reader.short()
      let (name, kind, bits) = (try reader.shortString(), try reader.shortString(), try reader.octet())
      return .exchangeDeclare(
        AMQPExchangeDeclaration(
          name: name, kind: kind, isPassive: bits & 1 != 0, isDurable: bits & 2 != 0, isAutoDelete: bits & 4 != 0,
          isInternal: bits & 8 != 0, arguments: try AMQPTable(from: &reader)))
    case .exchangeDeclareOK: return .exchangeDeclareOK
    case .queueDeclare:
      _ = try reader.short()
      let (name, bits) = (try reader.shortString(), try reader.octet())
      return .queueDeclare(
        AMQPQueueDeclaration(
          name: name, isPassive: bits & 1 != 0, isDurable: bits & 2 != 0, isExclusive: bits & 4 != 0,
          isAutoDelete: bits & 8 != 0, arguments: try AMQPTable(from: &reader)))
    case .queueDeclareOK:
      return .queueDeclareOK(
        name: try reader.shortString(), messages: try reader.long(), consumers: try reader.long())
    case .queueBind:
      _ = try reader.short()
      let (queue, exchange, key) = (try reader.shortString(), try reader.shortString(), try reader.shortString())
      _ = try reader.octet()
      return .queueBind(queue: queue, exchange: exchange, routingKey: key, arguments: try AMQPTable(from: &reader))
    case .queueBindOK: return .queueBindOK
    case .queueDelete:
      _ = try reader.short()
      let (name, bits) = (try reader.shortString(), try reader.octet())
      return .queueDelete(name: name, onlyUnused: bits & 1 != 0, onlyEmpty: bits & 2 != 0)
    case .queueDeleteOK: return .queueDeleteOK(messages: try reader.long())
    default: throw unknown(id)
    }
  }

  private static func message(_ id: AMQPMethodID, from reader: inout AMQPReader) throws(AMQPError) -> AMQPMethod {
    switch id {
    case .publish:
      _ = try reader.short()
      let (exchange, key, bits) = (try reader.shortString(), try reader.shortString(), try reader.octet())
      return .publish(exchange: exchange, routingKey: key, isMandatory: bits & 1 != 0)
    case .returned:
      return .returned(
        code: AMQPReplyCode(rawValue: try reader.short()), text: try reader.shortString(),
        exchange: try reader.shortString(), routingKey: try reader.shortString())
    case .ack: return .ack(tag: try reader.longLong(), upToTag: try reader.octet() & 1 != 0)
    case .nack:
      let (tag, bits) = (try reader.longLong(), try reader.octet())
      return .nack(tag: tag, upToTag: bits & 1 != 0, requeue: bits & 2 != 0)
    default: throw unknown(id)
    }
  }

  // MARK: parts

  private static func tuning(from reader: inout AMQPReader) throws(AMQPError) -> AMQPTuning {
    AMQPTuning(channelMax: try reader.short(), frameMax: try reader.long(), heartbeat: try reader.short())
  }

  private static func closing(from reader: inout AMQPReader) throws(AMQPError) -> AMQPClosing {
    AMQPClosing(
      code: AMQPReplyCode(rawValue: try reader.short()), text: try reader.shortString(),
      cause: AMQPMethodID(classID: try reader.short(), methodID: try reader.short()))
  }

  private static func unknown(_ id: AMQPMethodID) -> AMQPError {
    AMQPError(.notImplemented, "the method \(id.classID).\(id.methodID) of AMQP is not spoken here")
  }
}
