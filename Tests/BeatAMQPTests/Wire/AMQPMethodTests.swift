import Testing

@testable import BeatAMQP

@Suite("AMQP methods: each is read as it was written, and never beyond its bytes")
struct AMQPMethodTests {
  private static let table: AMQPTable = [
    "void": .void, "yes": .bool(true), "small": .integer(-5), "large": .integer(1 << 40), "half": .double(0.5),
    "price": .decimal(scale: 2, value: -199), "when": .timestamp(1_700_000_000), "text": .text("ä"),
    "bytes": .bytes([0xFF, 0]), "list": .array([.void, .array([]), .table(["a": .integer(1)])]),
    "table": .table(["nested": .table(AMQPTable())]),
  ]

  private static let methods: [AMQPMethod] = [
    .start(serverProperties: table, mechanisms: "PLAIN EXTERNAL"),
    .startOK(clientProperties: table, mechanism: "PLAIN", response: Array("\0guest\0hunter2-secret".utf8)),
    .tune(AMQPTuning(channelMax: 2047, frameMax: 131_072, heartbeat: 60)),
    .tuneOK(AMQPTuning(channelMax: 1, frameMax: .max, heartbeat: .max)),
    .open(virtualHost: "/"), .openOK,
    .close(AMQPClosing(code: .connectionForced, text: "CONNECTION_FORCED - broker forced connection closure")),
    .closeOK, .blocked(reason: "low on memory"), .unblocked,
    .channelOpen, .channelOpenOK, .channelFlow(isActive: true), .channelFlowOK(isActive: false),
    .channelClose(
      AMQPClosing(
        code: .notFound, text: "NOT_FOUND", cause: AMQPMethodID(classID: 60, methodID: 40))),
    .channelCloseOK, .confirmSelect, .confirmSelectOK,
    .exchangeDeclare(AMQPExchangeDeclaration(name: "news", kind: "topic", arguments: table)),
    .exchangeDeclare(
      AMQPExchangeDeclaration(name: "e", kind: "fanout", isDurable: false, isAutoDelete: true, isInternal: true)),
    .exchangeDeclare(.passive("news")), .exchangeDeclareOK,
    .queueDeclare(AMQPQueueDeclaration(name: "celery", arguments: ["x-queue-type": .text("quorum")])),
    .queueDeclare(AMQPQueueDeclaration(name: "", isDurable: false, isExclusive: true, isAutoDelete: true)),
    .queueDeclare(.passive("celery")), .queueDeclareOK(name: "celery", messages: 7, consumers: .max),
    .queueBind(queue: "q", exchange: "e", routingKey: "a.#", arguments: table), .queueBindOK,
    .queueDelete(name: "q", onlyUnused: true, onlyEmpty: false),
    .queueDelete(name: "q", onlyUnused: false, onlyEmpty: true), .queueDeleteOK(messages: 3),
    .publish(exchange: "", routingKey: "celery", isMandatory: true),
    .publish(exchange: "news", routingKey: "", isMandatory: false),
    .returned(code: .noRoute, text: "NO_ROUTE", exchange: "", routingKey: "celery"),
    .ack(tag: .max, upToTag: true), .ack(tag: 1, upToTag: false),
    .nack(tag: 2, upToTag: true, requeue: false), .nack(tag: 2, upToTag: false, requeue: true),
  ]

  @Test(arguments: methods) func readAsWritten(_ method: AMQPMethod) throws {
    let payload = Self.payload(method)
    #expect(try AMQPMethod(payload[...]) == method)
    #expect(Self.payload(try AMQPMethod(payload[...])) == payload)
  }

  /// No beginning of a method is a method.
  @Test(arguments: methods) func cutAnywhere(_ method: AMQPMethod) {
    let payload = Self.payload(method)
    for count in payload.indices {
      #expect { try AMQPMethod(payload[..<count]) } throws: { ($0 as? AMQPError)?.code == .syntaxError }
    }
    #expect(throws: AMQPError.self) { try AMQPMethod(payload[...] + [0]) }
  }

  @Test func everyMethodIsInTheList() {
    #expect(Set(Self.methods.map(\.id)).count == 30)
    #expect(Set(Self.methods.map(\.description)).count == 30)
  }

  @Test func noTextOfALoginShowsItsPassword() {
    let login = Self.methods[1]
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
