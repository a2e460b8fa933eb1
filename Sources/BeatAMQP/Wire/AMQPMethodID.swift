/// The two numbers by which a method is known on the wire.
package struct AMQPMethodID: Hashable, Sendable {
  package var classID: UInt16
  package var methodID: UInt16

  package init(classID: UInt16, methodID: UInt16) { (self.classID, self.methodID) = (classID, methodID) }

  private init(_ classID: UInt16, _ methodID: UInt16) { self.init(classID: classID, methodID: methodID) }

  static let start = AMQPMethodID(10, 10)
  static let startOK = AMQPMethodID(10, 11)
  /// A second round of a login, which is not spoken here.
  static let secure = AMQPMethodID(10, 20)
  static let tune = AMQPMethodID(10, 30)
  static let tuneOK = AMQPMethodID(10, 31)
  static let open = AMQPMethodID(10, 40)
  static let openOK = AMQPMethodID(10, 41)
  static let close = AMQPMethodID(10, 50)
  static let closeOK = AMQPMethodID(10, 51)
  static let blocked = AMQPMethodID(10, 60)
  static let unblocked = AMQPMethodID(10, 61)
  static let channelOpen = AMQPMethodID(20, 10)
  static let channelOpenOK = AMQPMethodID(20, 11)
  static let channelFlow = AMQPMethodID(20, 20)
  static let channelFlowOK = AMQPMethodID(20, 21)
  static let channelClose = AMQPMethodID(20, 40)
  static let channelCloseOK = AMQPMethodID(20, 41)
  static let exchangeDeclare = AMQPMethodID(40, 10)
  static let exchangeDeclareOK = AMQPMethodID(40, 11)
  static let queueDeclare = AMQPMethodID(50, 10)
  static let queueDeclareOK = AMQPMethodID(50, 11)
  static let queueBind = AMQPMethodID(50, 20)
  static let queueBindOK = AMQPMethodID(50, 21)
  static let queueDelete = AMQPMethodID(50, 40)
  static let queueDeleteOK = AMQPMethodID(50, 41)
  static let publish = AMQPMethodID(60, 40)
  static let returned = AMQPMethodID(60, 50)
  static let ack = AMQPMethodID(60, 80)
  static let nack = AMQPMethodID(60, 120)
  static let confirmSelect = AMQPMethodID(85, 10)
  static let confirmSelectOK = AMQPMethodID(85, 11)
}

extension AMQPMethod {
  package var id: AMQPMethodID {
    switch self {
    case .start: .start
    case .startOK: .startOK
    case .tune: .tune
    case .tuneOK: .tuneOK
    case .open: .open
    case .openOK: .openOK
    case .close: .close
    case .closeOK: .closeOK
    case .blocked: .blocked
    case .unblocked: .unblocked
    case .channelOpen: .channelOpen
    case .channelOpenOK: .channelOpenOK
    case .channelFlow: .channelFlow
    case .channelFlowOK: .channelFlowOK
    case .channelClose: .channelClose
    case .channelCloseOK: .channelCloseOK
    case .confirmSelect: .confirmSelect
    case .confirmSelectOK: .confirmSelectOK
    case .exchangeDeclare: .exchangeDeclare
    case .exchangeDeclareOK: .exchangeDeclareOK
    case .queueDeclare: .queueDeclare
    case .queueDeclareOK: .queueDeclareOK
    case .queueBind: .queueBind
    case .queueBindOK: .queueBindOK
    case .queueDelete: .queueDelete
    case .queueDeleteOK: .queueDeleteOK
    case .publish: .publish
    case .returned: .returned
    case .ack: .ack
    case .nack: .nack
    }
  }
}

extension AMQPMethod: CustomStringConvertible {
  /// AMQP's name of the method, and nothing that it holds: a login holds a password.
  package var description: String {
    switch self {
    case .start: "connection.start"
    case .startOK: "connection.start-ok"
    case .tune: "connection.tune"
    case .tuneOK: "connection.tune-ok"
    case .open: "connection.open"
    case .openOK: "connection.open-ok"
    case .close: "connection.close"
    case .closeOK: "connection.close-ok"
    case .blocked: "connection.blocked"
    case .unblocked: "connection.unblocked"
    case .channelOpen: "channel.open"
    case .channelOpenOK: "channel.open-ok"
    case .channelFlow: "channel.flow"
    case .channelFlowOK: "channel.flow-ok"
    case .channelClose: "channel.close"
    case .channelCloseOK: "channel.close-ok"
    case .confirmSelect: "confirm.select"
    case .confirmSelectOK: "confirm.select-ok"
    case .exchangeDeclare: "exchange.declare"
    case .exchangeDeclareOK: "exchange.declare-ok"
    case .queueDeclare: "queue.declare"
    case .queueDeclareOK: "queue.declare-ok"
    case .queueBind: "queue.bind"
    case .queueBindOK: "queue.bind-ok"
    case .queueDelete: "queue.delete"
    case .queueDeleteOK: "queue.delete-ok"
    case .publish: "basic.publish"
    case .returned: "basic.return"
    case .ack: "basic.ack"
    case .nack: "basic.nack"
    }
  }
}
