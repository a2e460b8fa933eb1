/// What stands between a `publish` and the body: the body's length and the message's properties.
package struct AMQPContentHeader: Equatable, Sendable {
  package var bodyLength: UInt64
  package var properties: AMQPProperties

  package init(bodyLength: UInt64, properties: AMQPProperties) {
    (self.bodyLength, self.properties) = (bodyLength, properties)
  }

  /// The class of messages, `basic`.
  private static let classID: UInt16 = 60

  /// - Parameter payload: of a header's frame.
  package init(_ payload: ArraySlice<UInt8>) throws(AMQPError) {
    var reader = AMQPReader(payload)
    let (classID, weight) = (try reader.short(), try reader.short())
    guard classID == Self.classID, weight == 0 else {
      throw AMQPError(.syntaxError, "a content header of class \(classID) came, and only messages have one")
    }
    bodyLength = try reader.longLong()
    properties = try AMQPProperties(from: &reader)
    try reader.finish()
  }

  /// The payload of the header's frame.
  package var payload: [UInt8] {
    var bytes: [UInt8] = []
    bytes.appendContentHeader(bodyLength: bodyLength) { bytes in
      bytes.append(properties)
    }
    return bytes
  }
}

extension [UInt8] {
  /// - Parameter properties: appends the flags and the values.
  mutating func appendContentHeader<Problem: Error>(
    bodyLength: UInt64, properties: (inout [UInt8]) throws(Problem) -> Void
  ) throws(Problem) {
    append(big: UInt16(60))
    append(big: UInt16(0))
    append(big: bodyLength)
    try properties(&self)
  }
}
