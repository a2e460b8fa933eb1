import BeatCore

/// A task message as kombu's Redis transport stores it: the bytes that Celery 5.7's own beat would push.
/// (Source: kombu/transport/virtual/base.py `prepare_message`, `_inplace_augment_message`.)
package final class KombuRedisEnvelope: MessageEnvelope {
  package init() {}

  package func prepare(_ message: TaskMessage) -> any PreparedMessage { KombuRedisTemplate(message) }
}

/// The bytes of a message, made once for tasks of the same kind. Each fire copies them and puts its task id into its
/// places.
final class KombuRedisTemplate: PreparedMessage {
  let bytes: [UInt8]
  /// The offsets of the task's id.
  private let idPlaces: [Int]
  private let idLength: Int

  init(_ message: TaskMessage) {
    var places: [Int] = []
    bytes = JSONWriter.bytes(room: 1024 + 2 * message.body.count) { json in
      var writer = KombuRedisWriter(json, message)
      writer.write()
      (json, places) = (writer.json, writer.idPlaces)
    }
    idPlaces = places
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

private struct KombuRedisWriter: TaskHeaderWriter {
  private(set) var json: JSONWriter
  private(set) var idPlaces: [Int] = []
  private let message: TaskMessage
  private var isFirst = true

  init(_ json: JSONWriter, _ message: TaskMessage) {
    self.json = json
    self.message = message
    idPlaces.reserveCapacity(4)
  }

  mutating func write() {
    json.append(literal: #"{"body": ""#)
    json.append(base64: message.body)
    json.append(literal: #"", "content-encoding": ""#)
    json.append(literal: TaskMessage.contentEncoding)
    json.append(literal: #"", "content-type": ""#)
    json.append(literal: TaskMessage.contentType)
    json.append(literal: #"", "headers": "#)
    message.headers.write(to: &self)
    json.append(literal: "}, ")
    writeProperties()
    json.append(literal: "}")
  }

  mutating func write(_ name: StaticString, _ value: TaskMessage.Headers.Value) {
    json.append(key: name, isFirst: isFirst)
    isFirst = false
    switch value {
    case .null: json.append(literal: "null")
    case .bool(let flag): json.append(literal: flag ? "true" : "false")
    case .integer(let number): json.append(Int64(number))
    case .text(let text): json.append(json: text)
    case .utf8(let text): json.append(json: text)
    case .id(let id): write(id)
    case .pair(let first, let second):
      json.append(literal: "[")
      json.append(first ?? "null")
      json.append(literal: ", ")
      json.append(second ?? "null")
      json.append(literal: "]")
    case .emptyObject: json.append(literal: "{}")
    }
  }

  mutating func write(key: ArraySlice<UInt8>, json value: ArraySlice<UInt8>) {
    json.append(literal: ", ")
    json.append(key)
    json.append(literal: ": ")
    json.append(value)
  }

  /// The delivery tag may be any text that no other message has.
  private mutating func writeProperties() {
    let properties = message.properties
    json.append(literal: #""properties": {"correlation_id": "#)
    write(properties.correlationID)
    json.append(literal: #", "reply_to": "#)
    json.append(json: properties.replyTo)
    json.append(literal: #", "delivery_mode": "#)
    json.append(properties.deliveryMode)
    if let expiration = properties.expiration { json.append(#", "expiration": "\#(expiration)""#) }
    json.append(literal: #", "delivery_info": {"exchange": "#)
    json.append(json: message.route.exchange)
    json.append(literal: #", "routing_key": "#)
    json.append(json: message.route.routingKey)
    json.append(literal: #"}, "priority": "#)
    json.append(properties.priority)
    json.append(literal: #", "body_encoding": "base64", "delivery_tag": "#)
    write(properties.correlationID)
    json.append(literal: "}")
  }

  private mutating func write(_ id: TaskID) {
    idPlaces.append(json.count + 1)
    json.append(json: id.description)
  }
}
