/// Task messages as they wait in the outbox (`OutboxMessage`), in the form of no broker.
package final class OutboxEnvelope: MessageEnvelope {
  package init() {}

  package func prepare(_ message: TaskMessage) -> any PreparedMessage {
    var writer = OutboxWriter(room: 1024 + message.body.count)
    writer.write(message)
    return MessageTemplate(writer.bytes, idPlaces: writer.idPlaces, of: message.headers.id)
  }
}

private struct OutboxWriter: TaskHeaderWriter {
  private(set) var bytes: [UInt8] = []
  private(set) var idPlaces: [Int] = []
  private var isFirst = true

  init(room: Int) {
    bytes.reserveCapacity(room)
    idPlaces.reserveCapacity(3)
  }

  mutating func write(_ message: TaskMessage) {
    bytes.append(#"{"headers": {"#)
    message.headers.write(to: &self)
    let properties = message.properties
    bytes.append(#"}, "properties": {"correlation_id": "#)
    write(properties.correlationID)
    bytes.append(#", "reply_to": "#)
    bytes.appendJSON(properties.replyTo)
    bytes.append(#", "delivery_mode": \#(properties.deliveryMode)"#)
    if let expiration = properties.expiration { bytes.append(#", "expiration": "\#(expiration)""#) }
    bytes.append(#", "priority": \#(properties.priority)}, "body": "#)
    bytes += message.body
    bytes.append("}")
  }

  mutating func write(_ name: StaticString, _ value: TaskMessage.Headers.Value) {
    next()
    bytes.append("\"\(name)\": ")
    switch value {
    case .null: bytes.append("null")
    case .bool(let flag): bytes.append(flag ? "true" : "false")
    case .integer(let number): bytes.append("\(number)")
    case .text(let text): bytes.appendJSON(text)
    case .utf8(let text): bytes.appendJSON(utf8: text)
    case .id(let id): write(id)
    case .pair(let first, let second): bytes.append("[\(first ?? "null"), \(second ?? "null")]")
    case .emptyObject: bytes.append("{}")
    }
  }

  mutating func write(key: ArraySlice<UInt8>, json value: ArraySlice<UInt8>) {
    next()
    bytes += key
    bytes.append(": ")
    bytes += value
  }

  private mutating func next() {
    if !isFirst { bytes.append(", ") }
    isFirst = false
  }

  private mutating func write(_ id: TaskID) {
    idPlaces.append(bytes.count + 1)
    bytes.appendJSON(utf8: id.utf8)
  }
}
