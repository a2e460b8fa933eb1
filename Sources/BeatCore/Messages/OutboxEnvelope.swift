/// Writes messages as they wait in an outbox (`OutboxMessage`).
package final class OutboxEnvelope: MessageEnvelope {
  package init() {}

  package func prepare(_ message: TaskMessage) -> any PreparedMessage { OutboxTemplate(message) }
}

/// The bytes of a message, made once for tasks of the same kind. Each fire copies them and puts its task id into its places.
private final class OutboxTemplate: PreparedMessage {
  let bytes: [UInt8]
  /// The offsets of the task's id.
  private let idPlaces: [Int]
  private let idLength: Int

  init(_ message: TaskMessage) {
    var writer = OutboxWriter(message)
    writer.write()
    (bytes, idPlaces) = (writer.bytes, writer.idPlaces)
    idLength = message.headers.id.description.utf8.count
  }

  /// - Parameter id: has the same length as the first one, as all ids of occurrences do.
  func bytes(for id: TaskID) -> [UInt8] {
    var bytes = bytes
    let id = Array(id.description.utf8.prefix(idLength))
    for place in idPlaces {
      for index in id.indices { bytes[place + index] = id[index] }
    }
    return bytes
  }
}

private struct OutboxWriter: TaskHeaderWriter {
  private(set) var bytes: [UInt8] = []
  private(set) var idPlaces: [Int] = []
  private let message: TaskMessage
  private var isFirst = true

  init(_ message: TaskMessage) {
    self.message = message
    bytes.reserveCapacity(1024 + message.body.count)
    idPlaces.reserveCapacity(3)
  }

  mutating func write() {
    bytes.append(#"{"headers": {"#)
    message.headers.write(to: &self)
    bytes.append(#"}, "properties": {"correlation_id": "#)
    append(message.properties.correlationID)
    bytes.append(#", "reply_to": "#)
    bytes.appendJSON(message.properties.replyTo)
    bytes.append(#", "delivery_mode": \#(message.properties.deliveryMode)"#)
    if let expiration = message.properties.expiration { bytes.append(#", "expiration": "\#(expiration)""#) }
    bytes.append(#", "priority": \#(message.properties.priority)}, "body": "#)
    bytes += message.body
    bytes.append("}")
  }

  mutating func write(_ name: StaticString, _ value: TaskMessage.Headers.Value) {
    bytes.append(isFirst ? "\"" : ", \"")
    isFirst = false
    bytes.append(name.description)
    bytes.append("\": ")
    switch value {
    case .null: bytes.append("null")
    case .bool(let flag): bytes.append(flag ? "true" : "false")
    case .integer(let number): bytes.append("\(number)")
    case .text(let text): bytes.appendJSON(text)
    case .utf8(let text): bytes.appendJSON(utf8: text)
    case .id(let id): append(id)
    case .pair(let first, let second): bytes.append("[\(first ?? "null"), \(second ?? "null")]")
    case .emptyObject: bytes.append("{}")
    }
  }

  mutating func write(key: ArraySlice<UInt8>, json value: ArraySlice<UInt8>) {
    bytes.append(", ")
    bytes += key
    bytes.append(": ")
    bytes += value
  }

  private mutating func append(_ id: TaskID) {
    idPlaces.append(bytes.count + 1)
    bytes.appendJSON(id.description)
  }
}
