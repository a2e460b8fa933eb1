/// Why a channel or a connection was closed, or a message returned: AMQP's numbers.
package struct AMQPReplyCode: RawRepresentable, Hashable, Sendable {
  package let rawValue: UInt16

  package init(rawValue: UInt16) { self.rawValue = rawValue }

  package static let success = AMQPReplyCode(rawValue: 200)
  package static let noRoute = AMQPReplyCode(rawValue: 312)

  // MARK: the channel is closed

  package static let contentTooLarge = AMQPReplyCode(rawValue: 311)
  package static let accessRefused = AMQPReplyCode(rawValue: 403)
  package static let notFound = AMQPReplyCode(rawValue: 404)
  package static let resourceLocked = AMQPReplyCode(rawValue: 405)
  package static let preconditionFailed = AMQPReplyCode(rawValue: 406)

  // MARK: the connection is closed

  package static let connectionForced = AMQPReplyCode(rawValue: 320)
  package static let invalidPath = AMQPReplyCode(rawValue: 402)
  package static let frameError = AMQPReplyCode(rawValue: 501)
  package static let syntaxError = AMQPReplyCode(rawValue: 502)
  package static let commandInvalid = AMQPReplyCode(rawValue: 503)
  package static let channelError = AMQPReplyCode(rawValue: 504)
  package static let unexpectedFrame = AMQPReplyCode(rawValue: 505)
  package static let resourceError = AMQPReplyCode(rawValue: 506)
  package static let notAllowed = AMQPReplyCode(rawValue: 530)
  package static let notImplemented = AMQPReplyCode(rawValue: 540)
  package static let internalError = AMQPReplyCode(rawValue: 541)
}
