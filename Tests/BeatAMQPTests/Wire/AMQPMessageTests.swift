import BeatCore
import Testing

@testable import BeatAMQP

@Suite("A message of the outbox becomes the one that Celery sends")
struct AMQPMessageTests {
  /// Byte for byte as Celery was seen to send them.
  @Test func asCelerySendsThem() throws {
    for row in try OracleFile.rows("messages.txt") {
      let (exchange, key, json, header, body) = (row[1], row[2], row[3], row[4], row[5])
      let route = exchange.isEmpty ? Route.queue(key) : .exchange(exchange, routingKey: key)
      let message = try Self.message(json, route)
      #expect(message.exchange.text == exchange && message.routingKey.text == key)
      #expect(message.header.hexadecimal == header, "\(row[0])")
      #expect(Array(message.body) == Array(body.utf8))
      #expect(message.correlationID == (try AMQPContentHeader(message.header[...])).properties.correlationID)
    }
  }

  @Test func itsFrames() throws {
    let message = try Self.message(Self.json())
    var bytes: [UInt8] = []
    AMQPFrameWriter().append(message, isMandatory: true, channel: 5, to: &bytes)
    var reader = AMQPFrameReader()
    reader.append(bytes)
    #expect(try reader.next() == .method(.publish(exchange: "", routingKey: "celery", isMandatory: true), channel: 5))
    #expect(try reader.next() == .header(try AMQPContentHeader(message.header[...]), channel: 5))
    #expect(try reader.next() == .body(message.body, channel: 5))
    #expect(try reader.next() == nil)
  }

  @Test(
    "An expiry that RabbitMQ takes for too long is left out",
    arguments: [
      (0, "0"), (315_360_000_000, "315360000000"), (315_360_000_001, nil), (Int64.max, nil), (-1, "0"),
    ] as [(Int64, AMQPShortString?)])
  func expiration(_ milliseconds: Int64, _ property: AMQPShortString?) throws {
    let message = try Self.message(Self.json(properties: #""expiration": "\#(milliseconds)", "priority": 0"#))
    #expect(try AMQPContentHeader(message.header[...]).properties.expiration == property)
    #expect(try AMQPContentHeader(message.header[...]).properties.headers?["expires"] == .text("2027"))
  }

  @Test func whatNoBrokerTakesSaysWhyAndWhatToDo() throws {
    let long = String(repeating: "k", count: 256)
    let cases: [(json: String, route: Route, words: String)] = [
      (
        Self.json(headers: #""x": 18446744073709551616"#), .queue("q"), "headers.x 18446744073709551616: a whole number"
      ),
      (
        Self.json(headers: #""\#(long)": 1"#), .queue("q"),
        "a name has 256 bytes, and AMQP takes 255 at most: shorten it"
      ),
      (
        Self.json(properties: #""priority": 256"#), .queue("q"),
        "priority 256: RabbitMQ takes 0 to 255: change the document"
      ),
      (Self.json(properties: #""priority": -1"#), .queue("q"), "priority -1: RabbitMQ takes 0 to 255"),
      (Self.json(mode: "256"), .queue("q"), "delivery_mode 256: RabbitMQ takes 0 to 255"),
      (Self.json(), .queue(long), "queue \(long.prefix(60))…: it has 256 bytes"),
      (Self.json(), .exchange(long, routingKey: ""), "exchange \(long.prefix(60))…: it has 256 bytes"),
      (Self.json(), .exchange("e", routingKey: long), "routing_key \(long.prefix(60))…: it has 256 bytes"),
      (Self.json(id: long), .queue("q"), "correlation_id \(long.prefix(60))…: it has 256 bytes"),
      (Self.json(replyTo: long), .queue("q"), "reply_to \(long.prefix(60))…: it has 256 bytes"),
      (Self.json(headers: #""\u0043C": "x""#), .queue("q"), #"headers.\u0043C: RabbitMQ takes a list"#),
      ("{}", .queue("q"), "message {}: no daemon has written this"),
      (#"{"body": "\u001b[2J"#, .queue("q"), "no daemon has written this: take it out of the outbox"),
    ]
    for (json, route, words) in cases {
      #expect { try Self.message(json, route) } throws: { "\($0)".contains(words) }
    }
  }

  @Test func theLongestHeader() throws {
    let json = Self.json(headers: #""x": "\#(String(repeating: "x", count: 5000))""#)
    let count = try Self.message(json).header.count
    #expect(try Self.message(json, mostHeader: count).header.count == count)
    #expect { try Self.message(json, mostHeader: count - 1) } throws: {
      "\($0)".hasPrefix(
        "headers: with the properties they have \(count) bytes, and the server takes \(count - 1) at most")
    }
  }

  /// Half of a surrogate pair is no text, and Python's clients pass it on nevertheless.
  @Test func whatIsNoText() throws {
    let message = try Self.message(Self.json(headers: #""x": "\ud800""#))
    #expect(try AMQPContentHeader(message.header[...]).properties.headers?["x"] == .text([0xED, 0xA0, 0x80]))
  }

  private static func json(
    headers: String = #""x": 1"#, properties: String = #""priority": 0"#, mode: String = "2", id: String = "id",
    replyTo: String = "r"
  ) -> String {
    #"{"headers": {"expires": "2027", \#(headers)}, "properties": {"correlation_id": "\#(id)", "reply_to": "\#(replyTo)", "#
      + #""delivery_mode": \#(mode), \#(properties)}, "body": [[], {}, {}]}"#
  }

  private static func message(
    _ json: String, _ route: Route = .queue("celery"), mostHeader: Int = 131_064
  ) throws(ImpossibleMessage) -> AMQPMessage {
    let item = OutboxItem(taskID: TaskID(text: "id"), route: route, priority: 0, message: Array(json.utf8))
    return try AMQPMessage(item, mostHeader: mostHeader)
  }
}
