import BeatCore

/// Why the server closed a connection or a channel, or returned a message.
struct AMQPRefusal: Error, Hashable, Sendable {
  /// The longest text that is kept; bytes.
  private static let longestText = 300

  let code: AMQPReplyCode
  /// The server's words: printable, of bounded length.
  let text: String

  init(_ code: AMQPReplyCode, _ text: String) {
    self.code = code
    self.text = text.beginning(Self.longestText).printable
  }

  init(_ closing: AMQPClosing) { self.init(closing.code, closing.text.text) }

  /// Whether the server blames what it was sent, and not its own state: it would refuse the same bytes again. 541 is not
  /// among them: RabbitMQ says it of any crash of its own.
  var blamesMessage: Bool {
    [
      .contentTooLarge, .preconditionFailed, .frameError, .syntaxError, .commandInvalid, .unexpectedFrame,
      .notImplemented,
    ].contains(code)
  }
}

extension AMQPRefusal: CustomStringConvertible {
  var description: String { text.hasPrefix("\(code.rawValue) ") ? text : "\(code.rawValue) \(text)" }
}
