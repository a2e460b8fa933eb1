import BeatCore

/// What answers where an AMQP server was expected: known by the first bytes of a connection, which in AMQP are those of a
/// method's frame.
struct StrangeServer {
  /// For people. nil: more bytes are needed to tell.
  let error: AMQPError?

  /// nil: an AMQP server, as far as the first byte tells, or there is none yet.
  init?(_ bytes: ArraySlice<UInt8>) {
    guard let first = bytes.first, first != AMQPFrame.Kind.method else { return nil }
    error = Self.message(first, bytes).map { AMQPError(nil, $0) }
  }

  private static func message(_ first: UInt8, _ bytes: ArraySlice<UInt8>) -> String? {
    let header = AMQPFrame.protocolHeader
    // A server that wants another version answers with its own header and closes.
    if bytes.prefix(4).elementsEqual(header.prefix(min(4, bytes.count))) {
      guard bytes.count >= header.count else { return nil }
      let version = bytes.prefix(8).suffix(3).map { "\($0)" }.joined(separator: "-")
      return "the server speaks AMQP \(version) and not 0-9-1: is it RabbitMQ, and is its port the one for AMQP 0-9-1?"
    }
    // A TLS record: its type (alert, handshake), then the version, which begins with 3.
    if first == 0x15 || first == 0x16, bytes.dropFirst().first ?? 3 == 3 {
      return "the server expects TLS there: write amqps:// (port 5671), or give the port without TLS"
    }
    if bytes.starts(with: "HTTP/".utf8) {
      return "an HTTP server answers there, such as RabbitMQ's management on port 15672: AMQP's port is 5672"
    }
    if bytes.starts(with: "-ERR".utf8) || bytes.starts(with: "-DENIED".utf8) || bytes.starts(with: "-NOAUTH".utf8) {
      return "a Redis server answers there: write redis://, or give the address of RabbitMQ (port 5672)"
    }
    let shown = String(decoding: bytes.prefix(24), as: UTF8.self)
    return "no AMQP server answers there: its first bytes are \"\(shown)\""
  }
}
