import BeatCore

/// A task message as kombu's Redis transport stores it: the bytes that Celery 5.7's own beat would push.
/// (Source: kombu/transport/virtual/base.py `prepare_message`, `_inplace_augment_message`.)
package final class KombuRedisEnvelope: MessageEnvelope {
  package init() {}

  package func prepare(_ message: TaskMessage) -> any PreparedMessage {
    var places: [Int] = []
    let bytes = JSONWriter.bytes(room: 1024 + 2 * message.body.count) { json in
      var writer = KombuRedisWriter(json, message.properties, message.route)
      writer.write(body: message.body) { message.headers.write(to: &$0) }
      (json, places) = (writer.json, writer.idPlaces)
    }
    return MessageTemplate(bytes, idPlaces: places, of: message.headers.id)
  }

  /// The bytes of a message of the outbox: those that `prepare` makes of the task's message. One that a daemon of version
  /// 0.1 has put there goes on as it is. nil: no daemon wrote it.
  package static func bytes(of item: OutboxItem) -> [UInt8]? {
    guard item.form == .neutral else { return item.message }
    guard let message = OutboxMessage(item.message), message.form == .neutral else { return nil }
    return JSONWriter.bytes(room: 512 + message.headerObject.count + 2 * message.body.count) { json in
      var writer = KombuRedisWriter(json, message.properties, item.route)
      writer.write(body: Array(message.body)) { $0.write(headers: message.headerObject) }
      json = writer.json
    }
  }
}

private struct KombuRedisWriter: TaskHeaderWriter {
  private(set) var json: JSONWriter
  private(set) var idPlaces: [Int] = []
  private let properties: TaskMessage.Properties
  private let route: Route
  private var isFirst = true

  init(_ json: JSONWriter, _ properties: TaskMessage.Properties, _ route: Route) {
    self.json = json
    self.properties = properties
    self.route = route
    idPlaces.reserveCapacity(4)
  }

  /// - Parameter headers: writes them as an object that is left open.
  @inline(__always)
  mutating func write(body: [UInt8], headers: (inout Self) -> Void) {
    json.append(literal: #"{"body": ""#)
    json.append(base64: body)
    json.append(literal: #"", "content-encoding": ""#)
    json.append(literal: TaskMessage.contentEncoding)
    json.append(literal: #"", "content-type": ""#)
    json.append(literal: TaskMessage.contentType)
    json.append(literal: #"", "headers": "#)
    headers(&self)
    json.append(literal: "}, ")
    writeProperties()
    json.append(literal: "}")
  }

  /// - Parameter object: the headers as they are to stand there.
  mutating func write(headers object: ArraySlice<UInt8>) { json.append(object.dropLast()) }

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
    json.append(literal: #""properties": {"correlation_id": "#)
    write(properties.correlationID)
    json.append(literal: #", "reply_to": "#)
    json.append(json: properties.replyTo)
    json.append(literal: #", "delivery_mode": "#)
    json.append(properties.deliveryMode)
    if let expiration = properties.expiration { json.append(#", "expiration": "\#(expiration)""#) }
    json.append(literal: #", "delivery_info": {"exchange": "#)
    json.append(json: route.exchange)
    json.append(literal: #", "routing_key": "#)
    json.append(json: route.routingKey)
    json.append(literal: #"}, "priority": "#)
    json.append(properties.priority)
    json.append(literal: #", "body_encoding": "base64", "delivery_tag": "#)
    write(properties.correlationID)
    json.append(literal: "}")
  }

  private mutating func write(_ id: TaskID) {
    idPlaces.append(json.count + 1)
    json.append(json: id.utf8)
  }
}
