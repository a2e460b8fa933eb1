import Testing

@testable import BeatAMQP

@Suite("AMQP as RabbitMQ and Celery were seen to speak it")
struct AMQPOracleTests {
  @Test func methods() throws {
    let rows = try OracleFile.rows("methods.txt")
    #expect(Set(rows.map { $0[0] }).count == 22)
    for row in rows {
      let payload = try #require([UInt8](hexadecimal: row[1]))
      let method = try AMQPMethod(payload[...])
      #expect(method.description == row[0])
      var written: [UInt8] = []
      written.append(method)
      #expect(written == payload, "\(method)")
    }
  }

  @Test func whatTheServerSaysOfItself() throws {
    let row = try #require(try OracleFile.rows("methods.txt").first { $0[0] == "connection.start" })
    let payload = try #require([UInt8](hexadecimal: row[1]))
    guard case .start(let properties, let mechanisms) = try AMQPMethod(payload[...]) else {
      throw TimeTesting.Failure(description: "no connection.start")
    }
    #expect(mechanisms == "PLAIN AMQPLAIN")
    #expect(properties["product"] == .text("RabbitMQ") && properties["version"] == .text("3.10.8"))
    guard case .table(let capabilities) = properties["capabilities"] else {
      throw TimeTesting.Failure(description: "no capabilities")
    }
    #expect(capabilities["publisher_confirms"] == .bool(true) && capabilities["connection.blocked"] == .bool(true))
    #expect(capabilities["no such"] == nil)
  }

  /// Read and written again: the header's values have the very types that py-amqp gave them.
  @Test func contentHeaders() throws {
    let rows = try OracleFile.rows("messages.txt")
    #expect(rows.count == 10)
    for row in rows {
      let payload = try #require([UInt8](hexadecimal: row[4]))
      let header = try AMQPContentHeader(payload[...])
      #expect(header.payload == payload, "\(row[0])")
      #expect(header.bodyLength == UInt64(row[5].utf8.count))
    }
    let header = try AMQPContentHeader(try #require([UInt8](hexadecimal: rows[0][4]))[...])
    let properties = header.properties
    #expect(properties.contentType == "application/json" && properties.contentEncoding == "utf-8")
    #expect(properties.deliveryMode == 2 && properties.priority == 3 && properties.expiration == "3600000")
    #expect(
      properties.headers?["big"] == .integer(1 << 40)
        && properties.headers?["timelimit"] == .array([.integer(30), .double(2.5)]))
  }

  /// All properties, also those that Celery does not set.
  @Test func everyProperty() throws {
    let payload = AMQPContentHeader(bodyLength: 1, properties: AMQPSamples.properties).payload
    #expect(payload[12...13] == [0xFF, 0xFC])
    #expect(try AMQPContentHeader(payload[...]).properties == AMQPSamples.properties)
    for count in payload.indices { #expect(throws: AMQPError.self) { try AMQPContentHeader(payload[..<count]) } }
  }
}
