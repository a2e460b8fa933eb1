@testable import BeatAMQP
@testable import BeatCore

extension FuzzTarget {
  /// A message of the outbox, which any client of the store may have written: it becomes one that a server can read, or
  /// is refused in words.
  static let amqpMessages = FuzzTarget(
    "amqpmessages",
    words: [
      #"{"headers": {"#, #""properties": {"#, #""body": ["#, #""correlation_id": "#, #""reply_to": "#,
      #""expiration": "1""#,
      #""delivery_mode": 2"#, #""priority": 0"#, "{\"body\": \"W10=\"", "\\ud83d\\ude00", "\\u0000", "1e400", "NaN",
      "-Infinity", "9223372036854775808", "[[", "]]", "{\"a\":", "\"a\": ", "}", ",", "null", "-0.0",
    ],
    seeds: {
      [
        #"{"headers": {"lang": "py", "timelimit": [30, 2.5], "stamps": {}, "x": {"a": [1, NaN], "a": "\ud800", "b": true}}, "#
          + #""properties": {"correlation_id": "c", "reply_to": "r", "delivery_mode": 2, "expiration": "315360000001", "#
          + #""priority": 3}, "body": [[], {}, {"callbacks": null}]}"#,
        #"{"headers": {}, "properties": {"correlation_id": "", "reply_to": "", "delivery_mode": 1, "priority": 255}, "#
          + #""body": []}"#,
        #"{"body": "W10=", "headers": {"big": -9223372036854775808, "more": 9223372036854775808}, "properties": "#
          + #"{"correlation_id": "c", "reply_to": "r", "delivery_mode": 2, "priority": -1, "body_encoding": "base64"}}"#,
      ].map { Array($0.utf8) }
    },
    check: { bytes in
      for mostHeader in [40, 131_064] { try holdMessage(bytes, mostHeader: mostHeader) }
      // Headers that are damaged within: no reader has looked at them before.
      let name = ArraySlice(#""a""#.utf8)
      for member in [(name, bytes[...]), (bytes[...], name)] {
        try holdTable { writer throws(ImpossibleMessage) in try writer.append("headers", [member]) }
      }
      try holdTable { writer throws(ImpossibleMessage) in try writer.append("headers", object: bytes[...]) }
    })

  private static func holdMessage(_ bytes: [UInt8], mostHeader: Int) throws {
    let item = OutboxItem(taskID: TaskID(text: "t"), route: .queue("q"), priority: 0, message: bytes)
    let message: AMQPMessage
    do throws(ImpossibleMessage) { message = try AMQPMessage(item, mostHeader: mostHeader) } catch {
      return try holdOneLine(error.description)
    }
    try hold(message.header.count <= mostHeader, "a content header of \(message.header.count) bytes")
    let header = try AMQPContentHeader(message.header[...])
    try hold(header.payload == message.header, "a header that is not as it would be written")
    try hold(header.bodyLength == UInt64(message.body.count), "a body of another length")
    try hold(header.properties.correlationID == message.correlationID, "another correlation id")
    guard let source = OutboxMessage(bytes) else { throw BrokenProperty("a message that cannot be read") }
    try hold(source.body == message.body, "another body")
    try hold(Int64(header.properties.priority ?? 0) == source.priority, "another priority")
    let names = header.properties.headers?.members.map(\.name) ?? []
    try hold(Set(names).count == names.count, "a name twice: \(names)")
    try hold(names.isEmpty == source.headers.isEmpty, "no headers of \(source.headers.count)")
  }

  private static func holdTable(_ write: (inout TableWriter) throws(ImpossibleMessage) -> Void) throws {
    var writer = TableWriter()
    do throws(ImpossibleMessage) { try write(&writer) } catch { return try holdOneLine(error.description) }
    var reader = AMQPReader(writer.output[...])
    _ = try AMQPTable(from: &reader)
    try hold(reader.isAtEnd, "a table that ends before its length")
  }
}
