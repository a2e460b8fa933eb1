import BeatCore

/// Bytes that are no AMQP 0-9-1, or not of the part of it that is spoken here. The connection ends.
package struct AMQPError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The code with which the connection is closed. nil: no AMQP server speaks there, and nothing is sent to it.
  package let code: AMQPReplyCode?
  /// For people: printable, of bounded length.
  package let message: String

  /// The longest message, in bytes.
  static let longestMessage = 300

  init(_ code: AMQPReplyCode?, _ message: String) {
    self.code = code
    self.message = message.beginning(Self.longestMessage).printable
  }

  package var description: String { message }
}
