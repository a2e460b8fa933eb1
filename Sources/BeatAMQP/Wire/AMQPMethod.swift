/// The methods of AMQP 0-9-1 that a publisher, a look at queues and a test's server need. Each is read and written.
///
/// A method never asks for no answer (`no-wait`). Fields that AMQP reserves are written empty and read over.
package enum AMQPMethod: Equatable, Sendable {
  // MARK: connection (channel 0)

  /// What the server says of itself. Mechanisms: names, separated by blanks.
  case start(serverProperties: AMQPTable, mechanisms: String)
  /// - response: of the mechanism; holds the password.
  case startOK(clientProperties: AMQPTable, mechanism: AMQPShortString, response: [UInt8])
  case tune(AMQPTuning)
  case tuneOK(AMQPTuning)
  case open(virtualHost: AMQPShortString)
  case openOK
  case close(AMQPClosing)
  case closeOK
  case blocked(reason: AMQPShortString)
  case unblocked

  // MARK: channel

  case channelOpen
  case channelOpenOK
  case channelFlow(isActive: Bool)
  case channelFlowOK(isActive: Bool)
  case channelClose(AMQPClosing)
  case channelCloseOK
  case confirmSelect
  case confirmSelectOK

  // MARK: exchanges and queues

  case exchangeDeclare(AMQPExchangeDeclaration)
  case exchangeDeclareOK
  case queueDeclare(AMQPQueueDeclaration)
  case queueDeclareOK(name: AMQPShortString, messages: UInt32, consumers: UInt32)
  case queueBind(
    queue: AMQPShortString, exchange: AMQPShortString, routingKey: AMQPShortString, arguments: AMQPTable)
  case queueBindOK
  case queueDelete(name: AMQPShortString, onlyUnused: Bool, onlyEmpty: Bool)
  case queueDeleteOK(messages: UInt32)

  // MARK: messages

  /// A content header and the body's frames follow.
  case publish(exchange: AMQPShortString, routingKey: AMQPShortString, isMandatory: Bool)
  /// A message that reached no queue; a content header and the body's frames follow.
  case returned(
    code: AMQPReplyCode, text: AMQPShortString, exchange: AMQPShortString, routingKey: AMQPShortString)
  /// - upToTag: all messages up to this one are meant.
  case ack(tag: UInt64, upToTag: Bool)
  case nack(tag: UInt64, upToTag: Bool, requeue: Bool)
}

/// What server and client agree on.
package struct AMQPTuning: Hashable, Sendable {
  /// 0: no bound.
  package var channelMax: UInt16
  /// The largest whole frame, in bytes; 0: no bound.
  package var frameMax: UInt32
  /// Seconds; 0: none.
  package var heartbeat: UInt16

  package init(channelMax: UInt16, frameMax: UInt32, heartbeat: UInt16) {
    (self.channelMax, self.frameMax, self.heartbeat) = (channelMax, frameMax, heartbeat)
  }
}

/// Why a channel or a connection is closed.
package struct AMQPClosing: Hashable, Sendable {
  package var code: AMQPReplyCode
  package var text: AMQPShortString
  /// The method that was at fault; zeros: none.
  package var cause: AMQPMethodID

  package init(
    code: AMQPReplyCode, text: AMQPShortString, cause: AMQPMethodID = AMQPMethodID(classID: 0, methodID: 0)
  ) {
    (self.code, self.text, self.cause) = (code, text, cause)
  }
}

package struct AMQPExchangeDeclaration: Equatable, Sendable {
  package var name: AMQPShortString
  /// `direct`, `topic`, `fanout`, ...; a passive declaration names none.
  package var kind: AMQPShortString
  /// Only asks whether it is there.
  package var isPassive: Bool
  package var isDurable: Bool
  package var isAutoDelete: Bool
  package var isInternal: Bool
  package var arguments: AMQPTable

  package init(
    name: AMQPShortString, kind: AMQPShortString, isPassive: Bool = false, isDurable: Bool = true,
    isAutoDelete: Bool = false, isInternal: Bool = false, arguments: AMQPTable = AMQPTable()
  ) {
    (self.name, self.kind, self.isPassive) = (name, kind, isPassive)
    (self.isDurable, self.isAutoDelete, self.isInternal) = (isDurable, isAutoDelete, isInternal)
    self.arguments = arguments
  }

  /// Whether an exchange is there.
  package static func passive(_ name: AMQPShortString) -> AMQPExchangeDeclaration {
    AMQPExchangeDeclaration(name: name, kind: .empty, isPassive: true, isDurable: false)
  }
}

package struct AMQPQueueDeclaration: Equatable, Sendable {
  package var name: AMQPShortString
  /// Only asks whether it is there.
  package var isPassive: Bool
  package var isDurable: Bool
  package var isExclusive: Bool
  package var isAutoDelete: Bool
  package var arguments: AMQPTable

  package init(
    name: AMQPShortString, isPassive: Bool = false, isDurable: Bool = true, isExclusive: Bool = false,
    isAutoDelete: Bool = false, arguments: AMQPTable = AMQPTable()
  ) {
    (self.name, self.isPassive, self.isDurable) = (name, isPassive, isDurable)
    (self.isExclusive, self.isAutoDelete, self.arguments) = (isExclusive, isAutoDelete, arguments)
  }

  /// Whether a queue is there, and how many messages and consumers it has.
  package static func passive(_ name: AMQPShortString) -> AMQPQueueDeclaration {
    AMQPQueueDeclaration(name: name, isPassive: true, isDurable: false)
  }
}
