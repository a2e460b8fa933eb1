/// A task message as it waits in the outbox, in the form of no broker: the places of its parts, and never a decoded value.
/// Each publisher makes its broker's form of it.
///
///     {"headers": {...}, "properties": {"correlation_id": "...", "reply_to": "...", "delivery_mode": 2,
///      "expiration": "...", "priority": 0}, "body": [[...], {...}, {...}]}
///
/// `expiration` is there only if the message has one. The headers and the body stand there as a worker gets them.
package struct OutboxMessage: Sendable {
  /// How the message was written.
  package enum Form: CaseIterable, Sendable {
    case neutral
    /// By a daemon of version 0.1, whose outbox held what kombu stores on a broker that has no headers of its own.
    case kombu
  }

  package let form: Form
  /// All of it, as it was read.
  package let bytes: [UInt8]
  /// The headers, a JSON object.
  package let headerObject: ArraySlice<UInt8>
  /// JSON, of always three elements (`TaskMessage.body`).
  package let body: ArraySlice<UInt8>
  /// Printable ASCII, as the next one: in JSON it needs no escapes.
  package let correlationID: String
  package let replyTo: String
  package let deliveryMode: Int64
  /// How long the message is of use, from when it was made; milliseconds. nil: for ever.
  package let expiration: Int64?
  package let priority: Int64

  package var properties: TaskMessage.Properties {
    TaskMessage.Properties(
      correlationID: TaskID(text: correlationID), replyTo: replyTo, deliveryMode: deliveryMode, expiration: expiration,
      priority: priority)
  }

  /// Each header in its order: the key with its quotes, and the value. A key may come twice.
  package var headers: [(key: ArraySlice<UInt8>, value: ArraySlice<UInt8>)] {
    JSONScanner.memberRanges(of: headerObject, in: bytes).map { (bytes[$0.key], bytes[$0.value]) }
  }

  /// Reads a message; nil: no daemon wrote these bytes.
  package init?(_ bytes: [UInt8]) {
    guard let read = Self.neutral(bytes) ?? Self.kombu(bytes) else { return nil }
    self = read
  }
}

extension OutboxMessage {
  /// What both forms say of the message.
  private struct Properties {
    var correlationID: String
    var replyTo: String
    var deliveryMode: Int64
    var expiration: Int64?

    /// Reads up to what stands behind the expiration.
    init?(_ scanner: inout JSONScanner) {
      guard scanner.take(#""properties": {"correlation_id": "#), let id = scanner.plainText(),
        scanner.take(#", "reply_to": "#), let replyTo = scanner.plainText(),
        scanner.take(#", "delivery_mode": "#), let mode = scanner.integer()
      else { return nil }
      (correlationID, self.replyTo, deliveryMode) = (id, replyTo, mode)
      guard scanner.take(#", "expiration": ""#) else { return }
      guard let milliseconds = scanner.integer(), scanner.take(#"""#) else { return nil }
      expiration = milliseconds
    }
  }

  private init(
    _ form: Form, _ bytes: [UInt8], headers: Range<Int>, _ properties: Properties, priority: Int64,
    body: ArraySlice<UInt8>
  ) {
    self.form = form
    self.bytes = bytes
    headerObject = bytes[headers]
    (correlationID, replyTo) = (properties.correlationID, properties.replyTo)
    (deliveryMode, expiration) = (properties.deliveryMode, properties.expiration)
    self.priority = priority
    self.body = body
  }

  private static func neutral(_ bytes: [UInt8]) -> Self? {
    var scanner = JSONScanner(bytes)
    guard scanner.take(#"{"headers": "#), scanner.isText, let headers = scanner.headers(), scanner.take(", "),
      let properties = Properties(&scanner), scanner.take(#", "priority": "#), let priority = scanner.integer(),
      scanner.take(#"}, "body": "#), let body = scanner.body(), scanner.take("}"), scanner.peek == nil
    else { return nil }
    return Self(.neutral, bytes, headers: headers, properties, priority: priority, body: bytes[body])
  }

  private static func kombu(_ bytes: [UInt8]) -> Self? {
    var scanner = JSONScanner(bytes)
    guard scanner.take(#"{"body": "#), scanner.isText, let base64 = scanner.plainText(),
      scanner.take(#", "content-encoding": "utf-8", "content-type": "application/json", "headers": "#),
      let headers = scanner.headers(), scanner.take(", "), let properties = Properties(&scanner),
      scanner.take(#", "delivery_info": "#), scanner.valueRange(.object) != nil,
      scanner.take(#", "priority": "#), let priority = scanner.integer(),
      scanner.take(#", "body_encoding": "base64", "delivery_tag": "#), scanner.plainText() != nil,
      scanner.take("}}"), scanner.peek == nil, let body = Base64.decode(base64)
    else { return nil }
    var inner = JSONScanner(body)
    guard inner.isText, inner.body() != nil, inner.peek == nil else { return nil }
    return Self(.kombu, bytes, headers: headers, properties, priority: priority, body: body[...])
  }
}

extension JSONScanner {
  /// The level at which the parts of a message stand. The arguments may be nested as deep as in a document, where they
  /// stand one level higher: the body is a list around them.
  private static let partLevel = 0

  /// Where keys, with their quotes, and values of an object stand that has been checked.
  static func memberRanges(of object: ArraySlice<UInt8>, in bytes: [UInt8]) -> [(key: Range<Int>, value: Range<Int>)] {
    var members: [(key: Range<Int>, value: Range<Int>)] = []
    members.reserveCapacity(24)
    var scanner = JSONScanner(bytes, range: object.indices)
    try? scanner.object(depth: partLevel) { members.append(($0, $1.range)) }
    return members
  }

  /// Whether all of it is UTF-8.
  fileprivate var isText: Bool { (try? UTF8Span(validating: bytes.span)) != nil }

  /// Takes exactly these bytes off, or none.
  fileprivate mutating func take(_ literal: String) -> Bool {
    guard bytes.count - offset >= literal.utf8.count else { return false }
    var index = offset
    for byte in literal.utf8 {
      guard bytes[index] == byte else { return false }
      index += 1
    }
    offset = index
    return true
  }

  /// A value that a worker can read, of one kind.
  fileprivate mutating func valueRange(_ kind: JSONSlice.Kind) -> Range<Int>? {
    guard let slice = try? value(depth: Self.partLevel), slice.kind == kind, !slice.holdsShellCall else { return nil }
    return slice.range
  }

  fileprivate mutating func headers() -> Range<Int>? { valueRange(.object) }

  /// A worker that finds another number of parts dies of it.
  fileprivate mutating func body() -> Range<Int>? {
    guard peek == UInt8(ascii: "[") else { return nil }
    let start = offset
    var parts = 0
    var isFit = true
    do {
      try array(depth: Self.partLevel) {
        isFit = isFit && !$0.holdsShellCall && $0.kind == (parts == 0 ? .array : .object)
        parts += 1
      }
    } catch { return nil }
    return isFit && parts == 3 ? start..<offset : nil
  }

  /// A string that needs no escapes.
  fileprivate mutating func plainText() -> String? {
    guard take(UInt8(ascii: "\"")) else { return nil }
    let start = offset
    while let byte = peek, JSONText.isPlain(byte) { offset += 1 }
    let text = bytes[start..<offset]
    guard take(UInt8(ascii: "\"")) else { return nil }
    return String(decoding: text, as: UTF8.self)
  }

  /// A whole number of 64 bits in the one form in which it is written.
  fileprivate mutating func integer() -> Int64? {
    let start = offset
    while let byte = peek, byte == UInt8(ascii: "-") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) {
      offset += 1
      // `Int64.min` has 20.
      if offset - start > 20 { return nil }
    }
    let text = String(decoding: bytes[start..<offset], as: UTF8.self)
    guard let number = Int64(text), "\(number)" == text else { return nil }
    return number
  }
}
