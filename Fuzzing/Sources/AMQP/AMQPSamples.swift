@testable import BeatAMQP

/// Values, methods and frames of every kind.
enum AMQPSamples {
  static let table: AMQPTable = [
    "void": .void, "yes": .bool(true), "small": .integer(-5), "large": .integer(1 << 40), "half": .double(0.5),
    "price": .decimal(scale: 2, value: -199), "when": .timestamp(1_700_000_000), "text": .text("ä"),
    "bytes": .bytes([0xFF, 0]), "list": .array([.void, .array([]), .table(["a": .integer(1)])]),
    "table": .table(["nested": .table(AMQPTable())]),
  ]

  static let methods: [AMQPMethod] = [
    .start(serverProperties: table, mechanisms: "PLAIN EXTERNAL"),
    .startOK(clientProperties: table, mechanism: "PLAIN", response: Array("\0guest\0hunter2-secret".utf8)),
    .tune(AMQPTuning(channelMax: 2047, frameMax: 131_072, heartbeat: 60)),
    .tuneOK(AMQPTuning(channelMax: 1, frameMax: .max, heartbeat: .max)),
    .open(virtualHost: "/"), .openOK,
    .close(AMQPClosing(code: .connectionForced, text: "CONNECTION_FORCED - broker forced connection closure")),
    .closeOK, .blocked(reason: "low on memory"), .unblocked,
    .channelOpen, .channelOpenOK, .channelFlow(isActive: true), .channelFlowOK(isActive: false),
    .channelClose(
      AMQPClosing(code: .notFound, text: "NOT_FOUND", cause: AMQPMethodID(classID: 60, methodID: 40))),
    .channelCloseOK, .confirmSelect, .confirmSelectOK,
    .exchangeDeclare(AMQPExchangeDeclaration(name: "news", kind: "topic", arguments: table)),
    .exchangeDeclare(AMQPExchangeDeclaration(name: "e", kind: "fanout", isDurable: false, isAutoDelete: true)),
    .exchangeDeclare(AMQPExchangeDeclaration(name: "e", kind: "headers", isInternal: true)),
    .exchangeDeclare(.passive("news")), .exchangeDeclareOK,
    .queueDeclare(AMQPQueueDeclaration(name: "celery", arguments: ["x-queue-type": .text("quorum")])),
    .queueDeclare(AMQPQueueDeclaration(name: "", isDurable: false, isExclusive: true)),
    .queueDeclare(AMQPQueueDeclaration(name: "", isAutoDelete: true)),
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

  static let properties: AMQPProperties = {
    var properties = AMQPProperties()
    properties.contentType = "application/json"
    properties.contentEncoding = "utf-8"
    properties.headers = table
    properties.deliveryMode = 1
    properties.priority = 255
    properties.correlationID = "d"
    properties.replyTo = "e"
    properties.expiration = "3600000"
    properties.messageID = "g"
    properties.timestamp = 1_700_000_000
    properties.type = "h"
    properties.userID = "i"
    properties.appID = "j"
    properties.clusterID = "k"
    return properties
  }()

  /// What a server says, and a message that comes back.
  static let frames: [UInt8] = {
    let writer = AMQPFrameWriter()
    var bytes: [UInt8] = []
    for method in methods { writer.append(method, channel: 1, to: &bytes) }
    writer.appendHeartbeat(to: &bytes)
    let header = AMQPContentHeader(bodyLength: 3, properties: properties).payload
    writer.append(header: header, body: [1, 2, 3] as [UInt8], channel: 1, to: &bytes)
    return bytes
  }()
}
