import BeatCore

/// Takes what comes from the other side in pieces of any size, and gives whole frames.
///
/// Use: `append` what came, then `next` until it gives nil. It keeps the beginning of one frame at most, and so never
/// more than `frameMax` bytes beside what was appended last.
package struct AMQPFrameReader: Sendable {
  /// The largest frame that is taken, in bytes; lower it to what was agreed.
  package var frameMax: Int

  private var bytes: [UInt8] = []
  /// Where the next frame begins.
  private var start = 0
  private var isFirst = true
  private var expectsProtocolHeader: Bool

  /// RabbitMQ's own bound, until another is agreed. The first frame of a server with many plugins is larger than what
  /// AMQP promises to take.
  package static let defaultFrameMax = 131_072

  /// - Parameter expectsProtocolHeader: the other side is a client, whose first bytes are no frame.
  package init(frameMax: Int = defaultFrameMax, expectsProtocolHeader: Bool = false) {
    (self.frameMax, self.expectsProtocolHeader) = (frameMax, expectsProtocolHeader)
  }

  package mutating func append(_ more: some Collection<UInt8>) {
    if start > 0 {
      bytes.removeSubrange(..<start)
      start = 0
    }
    bytes.append(contentsOf: more)
  }

  /// nil: the rest of the frame has not come yet. After an error there is no next frame: the connection ends.
  package mutating func next() throws(AMQPError) -> AMQPFrame? {
    if expectsProtocolHeader {
      guard try takeProtocolHeader() else { return nil }
    }
    if isFirst, let stranger = StrangeServer(bytes[start...]) {
      guard let error = stranger.error else { return nil }
      throw error
    }
    guard bytes.count - start >= 7 else { return nil }
    let channel = UInt16(bytes[start + 1]) << 8 | UInt16(bytes[start + 2])
    let count = (3..<7).reduce(0) { $0 << 8 | Int(bytes[start + $1]) }
    guard count <= frameMax - AMQPFrame.overhead else {
      throw AMQPError(.frameError, "a frame of \(Plural.of(count, "byte")) came, and at most \(frameMax) were agreed")
    }
    let payload = (start + 7)..<(start + 7 + count)
    guard payload.upperBound < bytes.count else { return nil }
    guard bytes[payload.upperBound] == AMQPFrame.endOctet else {
      throw AMQPError(.frameError, "a frame does not end where its length says")
    }
    let kind = bytes[start]
    (start, isFirst) = (payload.upperBound + 1, false)
    return try Self.frame(kind, channel: channel, payload: bytes[payload])
  }

  private mutating func takeProtocolHeader() throws(AMQPError) -> Bool {
    let header = AMQPFrame.protocolHeader
    guard bytes.count - start >= header.count else { return false }
    guard bytes[start...].starts(with: header) else {
      throw AMQPError(nil, "the client does not begin with the header of AMQP 0-9-1")
    }
    (start, expectsProtocolHeader) = (start + header.count, false)
    return true
  }

  private static func frame(
    _ kind: UInt8, channel: UInt16, payload: ArraySlice<UInt8>
  ) throws(AMQPError) -> AMQPFrame {
    switch kind {
    case AMQPFrame.Kind.method: return .method(try AMQPMethod(payload), channel: channel)
    case AMQPFrame.Kind.header: return .header(try AMQPContentHeader(payload), channel: channel)
    case AMQPFrame.Kind.body: return .body(payload, channel: channel)
    case AMQPFrame.Kind.heartbeat:
      guard channel == 0, payload.isEmpty else {
        throw AMQPError(.frameError, "a heartbeat came on channel \(channel) with \(Plural.of(payload.count, "byte"))")
      }
      return .heartbeat
    default: throw AMQPError(.frameError, "a frame of the unknown type \(kind) came")
    }
  }
}
