import BeatCore
import BeatLoop

@testable import BeatAMQP

/// RabbitMQ as a publisher sees it, on virtual time: logins, channels, confirms, returns, and what closes them.
final class ModelRabbit {
  /// Queues by name: the correlation ids of their messages.
  var queues: [String: [String]] = [:]
  /// Named exchanges: the queues by routing key.
  var exchanges: [String: [String: [String]]] = [:]
  /// Queues that store messages and confirm none, until they are taken out of this.
  var silentQueues: Set<String> = [] {
    didSet { for connection in connections { connection.confirmLate(except: silentQueues) } }
  }
  /// Requests for exchanges and queues are answered.
  var answersDeclares = true
  /// Queues that refuse messages.
  var fullQueues: Set<String> = []
  /// Messages for which the server closes their channel, or with a connection error the connection.
  var poison: [String: AMQPReplyCode] = [:]
  /// Routing keys to which the user may not write.
  var forbiddenKeys: Set<String> = []
  var mechanisms = "AMQPLAIN PLAIN EXTERNAL"
  var tuning = AMQPTuning(channelMax: 2047, frameMax: 131_072, heartbeat: 60)
  var isRunning = true
  var password = "hunter2"
  /// What it has refused to open: the reply of `connection.open`.
  var closingAtOpen: AMQPClosing?
  var sendsHeartbeats = true
  /// Every declaration that was not passive.
  var declared: [AMQPQueueDeclaration] = []
  private(set) var connections: [ModelRabbitConnection] = []
  /// Connections that were opened, ever.
  private(set) var dials = 0
  let surroundings: VirtualSurroundings

  init(in surroundings: VirtualSurroundings) { self.surroundings = surroundings }

  func dial(_ handle: @escaping (ByteStreamEvent) -> Void) -> any ByteTransport {
    dials += 1
    let connection = ModelRabbitConnection(self, handle)
    connections.append(connection)
    return connection
  }

  /// The server takes no messages; connections hear of it at their next message.
  var isBlocked = false {
    didSet {
      guard !isBlocked else { return }
      for connection in connections { connection.unblock() }
    }
  }

  /// Answers of confirms are lost from now on, until `cut`.
  var losesConfirms = false

  func cut(_ closing: AMQPClosing? = nil) {
    losesConfirms = false
    for connection in connections {
      if let closing { connection.send(.close(closing), 0) }
      connection.drop()
    }
    connections = []
  }

  /// The channels that clients have open.
  var openChannels: Int { connections.reduce(0) { $0 + $1.openChannels } }

  func forget(_ connection: ModelRabbitConnection) { connections.removeAll { $0 === connection } }
}

final class ModelRabbitConnection: ByteTransport {
  private unowned let server: ModelRabbit
  private var handle: ((ByteStreamEvent) -> Void)?
  private var reader = AMQPFrameReader(expectsProtocolHeader: true)
  private var writer = AMQPFrameWriter()
  private var tags: [UInt16: UInt64] = [:]
  var openChannels: Int { tags.count }
  private var arriving: (channel: UInt16, exchange: String, key: String, header: AMQPContentHeader?, left: Int)?
  private var wasToldOfBlock = false
  private var hasBegun = false
  /// What silent queues have stored.
  private var unconfirmed: [(queue: String, tag: UInt64, channel: UInt16)] = []
  /// Frames that a blocked server has not read.
  private var unread: [AMQPFrame] = []

  let unsent = 0

  init(_ server: ModelRabbit, _ handle: @escaping (ByteStreamEvent) -> Void) {
    self.server = server
    self.handle = handle
    server.surroundings.soon { [self] in
      if server.isRunning { self.handle?(.opened) } else { drop(ByteStreamError(.refused, "nothing listens there")) }
    }
  }

  func write(_ bytes: [UInt8]) {
    server.surroundings.soon { [self] in
      guard handle != nil else { return }
      reader.append(bytes)
      do {
        if !hasBegun {
          hasBegun = true
          send(
            .start(
              serverProperties: ["product": .text("RabbitMQ"), "version": .text("3.10.8")],
              mechanisms: server.mechanisms), 0)
        }
        while let frame = try reader.next() { take(frame) }
      } catch { drop(ByteStreamError(.closedByPeer, "\(error)")) }
    }
  }

  func close() {
    handle = nil
    server.forget(self)
  }

  func drop(_ error: ByteStreamError = ByteStreamError(.closedByPeer, "the server closed the connection")) {
    let handle = handle
    self.handle = nil
    server.forget(self)
    server.surroundings.soon { handle?(.closed(error)) }
  }

  func send(_ method: AMQPMethod, _ channel: UInt16) {
    var bytes: [UInt8] = []
    writer.append(method, channel: channel, to: &bytes)
    give(bytes)
  }

  private func give(_ bytes: [UInt8]) {
    let handle = handle
    server.surroundings.soon { handle?(.received(bytes)) }
  }

  func confirmLate(except silent: Set<String>) {
    for (_, tag, channel) in unconfirmed.filter({ !silent.contains($0.queue) }) {
      send(.ack(tag: tag, upToTag: false), channel)
    }
    unconfirmed.removeAll { !silent.contains($0.queue) }
  }

  func unblock() {
    guard wasToldOfBlock else { return }
    wasToldOfBlock = false
    send(.unblocked, 0)
    finishArrival()
    let frames = unread
    unread = []
    for frame in frames { take(frame) }
  }

  private func take(_ frame: AMQPFrame) {
    switch frame {
    // After the first message, a blocked server reads nothing more. Its own heartbeats go on.
    case .method where wasToldOfBlock, .header where wasToldOfBlock, .body where wasToldOfBlock: unread.append(frame)
    case .heartbeat:
      if server.sendsHeartbeats { var bytes: [UInt8] = []; writer.appendHeartbeat(to: &bytes); give(bytes) }
    case .method(let method, let channel): take(method, channel)
    case .header(let header, _):
      arriving?.header = header
      arriving?.left = Int(header.bodyLength)
      finishArrival()
    case .body(let bytes, _):
      arriving?.left -= bytes.count
      finishArrival()
    }
  }

  private func take(_ method: AMQPMethod, _ channel: UInt16) {
    switch method {
    case .startOK(_, let mechanism, let response):
      if mechanism == "PLAIN", Array(response.split(separator: 0).last ?? []) != Array(server.password.utf8) {
        send(.close(AMQPClosing(code: .accessRefused, text: "ACCESS_REFUSED - Login was refused")), 0)
        return drop()
      }
      send(.tune(server.tuning), 0)
    case .open:
      if let closing = server.closingAtOpen {
        send(.close(closing), 0)
        return drop()
      }
      send(.openOK, 0)
    case .close:
      send(.closeOK, 0)
      drop()
    case .channelOpen:
      tags[channel] = 0
      send(.channelOpenOK, channel)
    case .confirmSelect: send(.confirmSelectOK, channel)
    case .channelClose:
      tags[channel] = nil
      send(.channelCloseOK, channel)
    case .exchangeDeclare where !server.answersDeclares, .queueDeclare where !server.answersDeclares: break
    case .exchangeDeclare(let declaration):
      if server.exchanges[declaration.name.text] != nil { return send(.exchangeDeclareOK, channel) }
      close(channel, .notFound, "NOT_FOUND - no exchange '\(declaration.name)' in vhost '/'")
    case .queueDeclare(let declaration):
      let name = declaration.name.text
      if server.queues[name] == nil {
        guard !declaration.isPassive else {
          return close(channel, .notFound, "NOT_FOUND - no queue '\(name)' in vhost '/'")
        }
        server.declared.append(declaration)
        server.queues[name] = []
      }
      send(.queueDeclareOK(name: declaration.name, messages: 0, consumers: 0), channel)
    case .publish(let exchange, let key, _):
      // The rest of a closed channel is read over.
      guard tags[channel] != nil else { return arriving = nil }
      arriving = (channel, exchange.text, key.text, nil, 0)
    default: break
    }
  }

  private func close(_ channel: UInt16, _ code: AMQPReplyCode, _ text: String) {
    tags[channel] = nil
    send(.channelClose(AMQPClosing(code: code, text: AMQPShortString(cutting: text))), channel)
  }

  private func finishArrival() {
    guard let message = arriving, let header = message.header, message.left == 0 else { return }
    guard !server.isBlocked else {
      wasToldOfBlock = true
      return send(.blocked(reason: "low on memory"), 0)
    }
    arriving = nil
    let (channel, id) = (message.channel, header.properties.correlationID?.text ?? "")
    if let code = server.poison[id] {
      guard code.rawValue < 500 else {
        send(.close(AMQPClosing(code: code, text: "poison")), 0)
        return drop()
      }
      return close(channel, code, "PRECONDITION_FAILED - poison")
    }
    if !message.exchange.isEmpty, server.exchanges[message.exchange] == nil {
      return close(channel, .notFound, "NOT_FOUND - no exchange '\(message.exchange)' in vhost '/'")
    }
    if server.forbiddenKeys.contains(message.key) {
      return close(channel, .accessRefused, "ACCESS_REFUSED - no access to topic")
    }
    let tag = (tags[channel] ?? 0) + 1
    tags[channel] = tag
    let targets =
      message.exchange.isEmpty
      ? [message.key].filter { server.queues[$0] != nil } : server.exchanges[message.exchange]?[message.key] ?? []
    if targets.isEmpty {
      var bytes: [UInt8] = []
      writer.append(
        .returned(
          code: .noRoute, text: "NO_ROUTE", exchange: AMQPShortString(cutting: message.exchange),
          routingKey: AMQPShortString(cutting: message.key)), channel: channel, to: &bytes)
      writer.append(
        header: header.payload, body: [UInt8](repeating: 1, count: Int(header.bodyLength)), channel: channel, to: &bytes
      )
      give(bytes)
    }
    var isRefused = false
    for queue in targets {
      if server.fullQueues.contains(queue) { isRefused = true } else { server.queues[queue, default: []].append(id) }
    }
    if let silent = targets.first(where: server.silentQueues.contains) {
      return unconfirmed.append((silent, tag, channel))
    }
    guard !server.losesConfirms else { return }
    send(isRefused ? .nack(tag: tag, upToTag: false, requeue: false) : .ack(tag: tag, upToTag: false), channel)
  }
}
