@testable import BeatCore
@testable import BeatRedis

extension FuzzTarget {
  /// An item of the outbox: read back byte for byte.
  static let outbox = FuzzTarget(
    "outbox",
    words: [
      "1:1,", "1:2,", "36:5f8bd2a1-8f0c-5d5e-9f3a-0c1d2e3f4a5b,", "5:queue,", "8:exchange,", "1:0,", "2:-1,", "0:,",
      "2:{},",
      ":", ",",
    ],
    seeds: {
      [
        "1:1,36:5f8bd2a1-8f0c-5d5e-9f3a-0c1d2e3f4a5b,5:queue,6:celery,1:9,2:{},",
        "1:2,1:x,8:exchange,4:news,3:a.b,2:-1,0:,",
      ].map { Array($0.utf8) }
    },
    check: { bytes in
      guard let item = OutboxItem(bytes) else { return }
      try hold(item.bytes == bytes, "\(item) is written otherwise than it was read")
      try hold(OutboxItem(bytes + [0x2C]) == nil, "an item with a byte more is one too")
    })

  /// The message of an item: its parts, and what a worker is sent of it.
  static let outboxMessage = FuzzTarget(
    "outbox-message",
    words: [
      #"{"headers": {"#, #"}, "properties": {"correlation_id": "#, #", "reply_to": "#, #", "delivery_mode": 2"#,
      #", "expiration": "15""#, #", "priority": 0}, "body": "#, "[[], {}, {}]", #"{"body": "W1tdLCB7fSwge31d", "#,
      #""content-encoding": "utf-8", "content-type": "application/json", "headers": {"#, #", "delivery_info": {}"#,
      #", "body_encoding": "base64", "delivery_tag": "x"}}"#, #""a": "#, "1e400", "NaN", "-", "\"", "\\", "[", "]",
      ", ",
    ],
    seeds: {
      [
        #"{"headers": {"id": "x", "a" :[1,{}]}, "properties": {"correlation_id": "x", "reply_to": "y", "#
          + #""delivery_mode": 2, "expiration": "15", "priority": -3}, "body": [[1, "é"], {"a": null}, {}]}"#,
        #"{"body": "W1tdLCB7fSwge31d", "content-encoding": "utf-8", "content-type": "application/json", "#
          + #""headers": {"id": "x"}, "properties": {"correlation_id": "x", "reply_to": "y", "delivery_mode": 2, "#
          + #""delivery_info": {"exchange": "", "routing_key": "q"}, "priority": 0, "body_encoding": "base64", "#
          + #""delivery_tag": "x"}}"#,
      ].map { Array($0.utf8) }
    },
    check: { bytes in
      guard let message = OutboxMessage(bytes) else { return }
      let properties = message.properties
      let head =
        #", "properties": {"correlation_id": "\#(properties.correlationID)", "reply_to": "\#(properties.replyTo)", "#
        + #""delivery_mode": \#(properties.deliveryMode)"#
        + (properties.expiration.map { #", "expiration": "\#($0)""# } ?? "")
      let neutral =
        Array(#"{"headers": "#.utf8) + message.headerObject + Array(head.utf8)
        + Array(#", "priority": \#(properties.priority)}, "body": "#.utf8) + message.body + [UInt8(ascii: "}")]
      if message.form == .neutral { try hold(neutral == bytes, "its parts are not all of the message") }
      let item = OutboxItem(taskID: properties.correlationID, route: .queue("q"), priority: 0, message: neutral)
      guard let sent = KombuRedisEnvelope.bytes(of: item), let again = OutboxMessage(sent) else {
        throw BrokenProperty("a worker could not be sent the message")
      }
      try hold(
        again.form == .kombu && again.headerObject == message.headerObject && again.body == message.body
          && again.headers.map(\.key) == message.headers.map(\.key), "a worker is sent another message")
    })

  /// What is written into Redis by our own rules or by kombu's.
  static let forms: [FuzzTarget] = [keys, outbox, outboxMessage, message]
}
