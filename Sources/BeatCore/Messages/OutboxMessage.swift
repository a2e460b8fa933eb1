/// A task message as it waits in an outbox, in the form of no broker: the publisher makes its broker's form of it.
///
///     {"headers": {…}, "properties": {"correlation_id": …, "reply_to": …, "delivery_mode": 2, "priority": 0},
///      "body": [[…], {…}, {…}]}
///
/// Headers and body stand there as they were written, and are read as places and not as values. Earlier versions put kombu's
/// form for Redis into the outbox, which is read as well: its body is a text in Base64.
package struct OutboxMessage {
  /// JSON members: the keys with their quotes.
  package let headers: [(key: ArraySlice<UInt8>, value: ArraySlice<UInt8>)]
  /// The task's arguments and what Celery embeds, as JSON.
  package let body: ArraySlice<UInt8>
  package let correlationID: String
  package let replyTo: String
  package let deliveryMode: Int64
  /// Milliseconds from when the message is sent; nil: it is of use for ever.
  package let expiration: Int64?
  package let priority: Int64

  /// Reads a message; nil: no daemon has written it.
  package init?(_ bytes: [UInt8]) {
    // A document's arguments stand one level deeper here than there.
    guard let members = JSONScanner.members(ofMessage: bytes) else { return nil }
    var parts: [String: JSONSlice] = [:]
    for member in members { parts[member.key] = member.value }
    guard let headers = parts["headers"], headers.kind == .object, let body = parts["body"],
      let properties = parts["properties"], properties.kind == .object
    else { return nil }
    switch body.kind {
    case .array: self.body = bytes[body.range]
    case .string:
      guard let text = JSONScanner.text(of: body, in: bytes), let decoded = Base64.decode(text) else { return nil }
      self.body = decoded[...]
    default: return nil
    }
    self.headers = JSONScanner.members(of: headers, in: bytes).map { (bytes[$0.keyRange], bytes[$0.value.range]) }
    var values: [String: JSONSlice] = [:]
    for member in JSONScanner.members(of: properties, in: bytes) { values[member.key] = member.value }
    func text(_ name: String) -> String? { values[name].flatMap { JSONScanner.text(of: $0, in: bytes) } }
    func number(_ name: String) -> Int64? {
      values[name].flatMap { $0.kind == .number ? Int64(String(decoding: bytes[$0.range], as: UTF8.self)) : nil }
    }
    guard let correlationID = text("correlation_id"), let replyTo = text("reply_to"),
      let deliveryMode = number("delivery_mode"), let priority = number("priority")
    else { return nil }
    if values["expiration"] == nil {
      expiration = nil
    } else {
      guard let milliseconds = text("expiration").flatMap({ Int64($0) }) else { return nil }
      expiration = milliseconds
    }
    (self.correlationID, self.replyTo) = (correlationID, replyTo)
    (self.deliveryMode, self.priority) = (deliveryMode, priority)
  }
}

extension JSONScanner {
  /// The members of the one object that the text must be, whose values may be nested one level deeper than a document's;
  /// nil: it is no such object.
  fileprivate static func members(ofMessage bytes: [UInt8]) -> [JSONMember]? {
    guard (try? UTF8Span(validating: bytes.span)) != nil, bytes.first == UInt8(ascii: "{") else { return nil }
    var scanner = JSONScanner(bytes)
    guard let members = try? scanner.members(depth: 0), scanner.peek == nil else { return nil }
    return members
  }
}
