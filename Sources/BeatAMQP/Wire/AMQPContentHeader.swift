/// What stands between a `publish` and the body: the body's length and the message's properties.
package struct AMQPContentHeader: Equatable, Sendable {
  package var bodyLength: UInt64
  package var properties: AMQPProperties

  package init(bodyLength: UInt64, properties: AMQPProperties) {
    (self.bodyLength, self.properties) = (bodyLength, properties)
  }

  /// The class of messages, `basic`.
  fileprivate static let classID: UInt16 = 60

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
    bytes.beginContentHeader(bodyLength: bodyLength)
    bytes.append(properties)
    return bytes
  }
}

extension [UInt8] {
  /// What stands before the properties.
  mutating func beginContentHeader(bodyLength: UInt64) {
    append(big: AMQPContentHeader.classID)
    append(big: UInt16(0))
    append(big: bodyLength)
  }
}
