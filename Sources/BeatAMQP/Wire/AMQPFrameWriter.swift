/// Appends frames to bytes that are sent as they are.
package struct AMQPFrameWriter: Sendable {
  /// The largest frame, in bytes: what was agreed. A longer body is split; methods are short.
  package var frameMax: Int

  package init(frameMax: Int = AMQPFrame.leastMax) { self.frameMax = max(frameMax, AMQPFrame.leastMax) }

  /// The longest content header, as `AMQPContentHeader.payload`.
  package var mostHeader: Int { frameMax - AMQPFrame.overhead }

  package func append(_ method: AMQPMethod, channel: UInt16, to bytes: inout [UInt8]) {
    frame(AMQPFrame.Kind.method, channel, &bytes) { $0.append(method) }
  }

  package func appendHeartbeat(to bytes: inout [UInt8]) { frame(AMQPFrame.Kind.heartbeat, 0, &bytes) { _ in } }

  /// What follows a `publish` or `returned`: the header's frame, and the body in as many as it needs; an empty one needs
  /// none.
  ///
  /// - Parameter header: an `AMQPContentHeader`'s payload, with this body's length; at most `mostHeader` bytes.
  package func append(
    header: some Collection<UInt8>, body: some Collection<UInt8>, channel: UInt16, to bytes: inout [UInt8]
  ) {
    frame(AMQPFrame.Kind.header, channel, &bytes) { $0.append(contentsOf: header) }
    var rest = body[...]
    while !rest.isEmpty {
      let part = rest.prefix(frameMax - AMQPFrame.overhead)
      rest = rest[part.endIndex...]
      frame(AMQPFrame.Kind.body, channel, &bytes) { $0.append(contentsOf: part) }
    }
  }

  private func frame(_ kind: UInt8, _ channel: UInt16, _ bytes: inout [UInt8], payload: (inout [UInt8]) -> Void) {
    bytes.append(kind)
    bytes.append(big: channel)
    let start = bytes.beginLength()
    payload(&bytes)
    bytes.endLength(at: start)
    bytes.append(AMQPFrame.endOctet)
  }
}
