/// A message's properties. nil: the message does not have it.
package struct AMQPProperties: Equatable, Sendable {
  package var contentType: AMQPShortString?
  package var contentEncoding: AMQPShortString?
  package var headers: AMQPTable?
  /// 2: a durable queue keeps the message on disk.
  package var deliveryMode: UInt8?
  /// The rank in a queue with priorities: the largest is served first.
  package var priority: UInt8?
  package var correlationID: AMQPShortString?
  package var replyTo: AMQPShortString?
  /// Milliseconds, as text.
  package var expiration: AMQPShortString?
  package var messageID: AMQPShortString?
  /// Seconds since 1970.
  package var timestamp: UInt64?
  package var type: AMQPShortString?
  package var userID: AMQPShortString?
  package var appID: AMQPShortString?
  package var clusterID: AMQPShortString?

  package init() {}

  /// The bits that say which properties follow, in the order in which they follow.
  struct Flags: OptionSet {
    let rawValue: UInt16
    static let contentType = Flags(rawValue: 1 << 15)
    static let contentEncoding = Flags(rawValue: 1 << 14)
    static let headers = Flags(rawValue: 1 << 13)
    static let deliveryMode = Flags(rawValue: 1 << 12)
    static let priority = Flags(rawValue: 1 << 11)
    static let correlationID = Flags(rawValue: 1 << 10)
    static let replyTo = Flags(rawValue: 1 << 9)
    static let expiration = Flags(rawValue: 1 << 8)
    static let messageID = Flags(rawValue: 1 << 7)
    static let timestamp = Flags(rawValue: 1 << 6)
    static let type = Flags(rawValue: 1 << 5)
    static let userID = Flags(rawValue: 1 << 4)
    static let appID = Flags(rawValue: 1 << 3)
    static let clusterID = Flags(rawValue: 1 << 2)
    /// No property has the last two bits; the last one would say that more flags follow.
    static let unknown = Flags(rawValue: 0b11)
  }
}

extension AMQPProperties {
  init(from reader: inout AMQPReader) throws(AMQPError) {
    let flags = Flags(rawValue: try reader.short())
    guard flags.isDisjoint(with: .unknown) else {
      throw AMQPError(.syntaxError, "a content header has properties that AMQP does not know")
    }
    func text(_ flag: Flags) throws(AMQPError) -> AMQPShortString? {
      flags.contains(flag) ? try reader.shortString() : nil
    }
    contentType = try text(.contentType)
    contentEncoding = try text(.contentEncoding)
    if flags.contains(.headers) { headers = try AMQPTable(from: &reader) }
    if flags.contains(.deliveryMode) { deliveryMode = try reader.octet() }
    if flags.contains(.priority) { priority = try reader.octet() }
    correlationID = try text(.correlationID)
    replyTo = try text(.replyTo)
    expiration = try text(.expiration)
    messageID = try text(.messageID)
    if flags.contains(.timestamp) { timestamp = try reader.longLong() }
    type = try text(.type)
    userID = try text(.userID)
    appID = try text(.appID)
    clusterID = try text(.clusterID)
  }
}

extension [UInt8] {
  mutating func append(_ properties: AMQPProperties) {
    var flags: AMQPProperties.Flags = []
    let start = count
    append(big: UInt16(0))
    func note<Value>(_ flag: AMQPProperties.Flags, _ value: Value?, _ write: (Value) -> Void) {
      guard let value else { return }
      flags.insert(flag)
      write(value)
    }
    note(.contentType, properties.contentType) { append(short: $0) }
    note(.contentEncoding, properties.contentEncoding) { append(short: $0) }
    note(.headers, properties.headers) { append($0) }
    note(.deliveryMode, properties.deliveryMode) { append($0) }
    note(.priority, properties.priority) { append($0) }
    note(.correlationID, properties.correlationID) { append(short: $0) }
    note(.replyTo, properties.replyTo) { append(short: $0) }
    note(.expiration, properties.expiration) { append(short: $0) }
    note(.messageID, properties.messageID) { append(short: $0) }
    note(.timestamp, properties.timestamp) { append(big: $0) }
    note(.type, properties.type) { append(short: $0) }
    note(.userID, properties.userID) { append(short: $0) }
    note(.appID, properties.appID) { append(short: $0) }
    note(.clusterID, properties.clusterID) { append(short: $0) }
    self[start] = UInt8(truncatingIfNeeded: flags.rawValue >> 8)
    self[start + 1] = UInt8(truncatingIfNeeded: flags.rawValue)
  }
}
