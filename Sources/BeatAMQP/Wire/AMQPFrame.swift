/// One frame: what the wire is made of.
package enum AMQPFrame: Equatable, Sendable {
  case method(AMQPMethod, channel: UInt16)
  case header(AMQPContentHeader, channel: UInt16)
  /// A part of a message's body. The slice keeps the reader's memory: copy what is kept.
  case body(ArraySlice<UInt8>, channel: UInt16)
  case heartbeat

  enum Kind {
    static let method: UInt8 = 1
    static let header: UInt8 = 2
    static let body: UInt8 = 3
    static let heartbeat: UInt8 = 8
  }

  /// Behind each payload.
  static let endOctet: UInt8 = 0xCE
  /// Kind, channel and length before the payload, and the octet behind it.
  package static let overhead = 8
  /// A frame of this size every server and client takes, before they have agreed on another.
  package static let leastMax = 4096

  /// How a client begins: it speaks AMQP 0-9-1.
  package static let protocolHeader: [UInt8] = Array("AMQP".utf8) + [0, 0, 9, 1]
}
