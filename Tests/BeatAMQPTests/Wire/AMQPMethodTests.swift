import Testing

@testable import BeatAMQP

@Suite("AMQP methods: each is read as it was written, and never beyond its bytes")
struct AMQPMethodTests {
  @Test(arguments: AMQPSamples.methods) func readAsWritten(_ method: AMQPMethod) throws {
    let payload = Self.payload(method)
    #expect(try AMQPMethod(payload[...]) == method)
    #expect(Self.payload(try AMQPMethod(payload[...])) == payload)
  }

  /// No beginning of a method is a method.
  @Test(arguments: AMQPSamples.methods) func cutAnywhere(_ method: AMQPMethod) {
    let payload = Self.payload(method)
    for count in payload.indices {
      #expect { try AMQPMethod(payload[..<count]) } throws: { ($0 as? AMQPError)?.code == .syntaxError }
    }
    #expect(throws: AMQPError.self) { try AMQPMethod(payload[...] + [0]) }
  }

  @Test func everyMethodIsInTheList() {
    #expect(Set(AMQPSamples.methods.map(\.id)).count == 30)
    #expect(Set(AMQPSamples.methods.map(\.description)).count == 30)
  }

  @Test func noTextOfALoginShowsItsPassword() {
    let login = AMQPSamples.methods[1]
    #expect("\(login)" == "connection.start-ok" && !"\(AMQPFrame.method(login, channel: 0))".contains("hunter2"))
  }

  @Test func aServerOfAnotherVersion() {
    var payload = Self.payload(.start(serverProperties: AMQPTable(), mechanisms: "PLAIN"))
    payload[4] = 1
    #expect { try AMQPMethod(payload[...]) } throws: { "\($0)".contains("speaks AMQP 1-9") }
  }

  private static func payload(_ method: AMQPMethod) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(method)
    return bytes
  }
}
