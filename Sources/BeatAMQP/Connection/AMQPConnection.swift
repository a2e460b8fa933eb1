import BeatCore
import BeatLoop

/// One connection to a RabbitMQ server, from the first byte to the last.
///
///     dial ─► login ─► ready ⇄ blocked ─► lost
///
/// It knows nothing of sockets and clocks but what it is given, so that tests run it on virtual time. Everything belongs to
/// one thread. No event comes inside a call.
final class AMQPConnection {
  /// Opens a stream of bytes to the server.
  typealias Dial = (_ handle: @escaping (ByteStreamEvent) -> Void) -> any ByteTransport

  enum Event {
    /// The virtual host is open.
    case ready
    /// The server takes no messages: it lacks memory or disk. The text is the server's reason.
    case blocked(String)
    case unblocked
    /// A channel has ended, and another can be opened.
    case channelFreed
    /// After this, no event comes any more. The messages that were on their way are answered before it.
    case lost(AMQPLoss)
  }

  /// How long a polite end waits for the server's answer; microseconds.
  private static let patienceAtEnd: Int64 = 1_000_000

  private enum State { case dialing, loggingIn, open, closing, ended }

  private let surroundings: any Surroundings
  private let words: AMQPLoginWords
  private let patience: Int64
  private var handle: ((Event) -> Void)?
  private var transport: (any ByteTransport)?
  private var state = State.dialing
  private(set) var login: AMQPLogin
  private var frames = AMQPFrameReader()
  private var writer = AMQPFrameWriter()
  private var output: [UInt8] = []
  private var willFlush = false
  private var channels: [UInt16: AMQPChannel] = [:]
  private var heartbeat: AMQPHeartbeat?
  private lazy var deadline = surroundings.makeTimer { [unowned self] in late() }
  private lazy var beatTimer = surroundings.makeTimer { [unowned self] in beat() }
  /// Keeps this object until the server has heard of the end.
  private var selfAtEnd: AMQPConnection?
  private var closed: (() -> Void)?

  /// - Parameters:
  ///   - patience: how long the login may take; microseconds. How long the way to the server may take is the stream's.
  init(
    _ login: AMQPLogin, words: AMQPLoginWords, patience: Int64, in surroundings: any Surroundings,
    handle: @escaping (Event) -> Void
  ) {
    self.login = login
    self.words = words
    self.patience = patience
    self.surroundings = surroundings
    self.handle = handle
  }

  func connect(by dial: Dial) {
    transport = dial { [weak self] event in self?.receive(event) }
  }

  var isOpen: Bool { if case .open = state { true } else { false } }

  /// The longest content header that this connection can carry; bytes.
  var mostHeader: Int { writer.mostHeader }

  /// Opens a channel; nil: the server allows no more, or the connection is not open.
  ///
  /// - Parameter closed: called when the server has closed the channel, before its messages are answered.
  func openChannel(closed: @escaping () -> Void) -> AMQPChannel? {
    guard isOpen, let number = (1...max(1, login.channelMax)).first(where: { channels[$0] == nil }) else { return nil }
    let channel = AMQPChannel(number, on: self, closed: closed)
    channels[number] = channel
    return channel
  }

  /// The number of a channel that was closed is free.
  func forget(_ channel: AMQPChannel) {
    guard channels[channel.number] === channel else { return }
    channels[channel.number] = nil
    handle?(.channelFreed)
  }

  /// Ends the connection silently: no event comes any more. The messages that were on their way are answered.
  ///
  /// The server is told, since it would otherwise log an error. What was sent before is carried out.
  ///
  /// - Parameter closed: called when the server has answered, or does not answer within a second.
  func close(then closed: (() -> Void)? = nil) {
    guard state != .ended else {
      closed?()
      return
    }
    self.closed = closed
    handle = nil
    beatTimer.cancel()
    let wasOpen = isOpen
    state = .closing
    abandonChannels(nil)
    guard wasOpen else { return end() }
    selfAtEnd = self
    send(.close(AMQPClosing(code: .success, text: .empty)), on: 0)
    deadline.schedule(after: Self.patienceAtEnd)
  }

  // MARK: sending

  func send(_ method: AMQPMethod, on channel: UInt16) {
    writer.append(method, channel: channel, to: &output)
    flushSoon()
  }

  func send(_ message: AMQPMessage, on channel: UInt16) {
    writer.append(message, isMandatory: true, channel: channel, to: &output)
    flushSoon()
  }

  /// Everything of a turn goes to the system in one piece.
  private func flushSoon() {
    heartbeat?.sent()
    guard !willFlush else { return }
    willFlush = true
    surroundings.afterWriting { [weak self] in self?.flush() }
  }

  private func flush() {
    willFlush = false
    guard !output.isEmpty else { return }
    transport?.write(output)
    output.removeAll(keepingCapacity: output.count < 1 << 18)
  }

  // MARK: receiving

  private func receive(_ event: ByteStreamEvent) {
    guard transport != nil else { return }
    switch event {
    case .opened:
      state = .loggingIn
      deadline.schedule(after: patience)
      output += AMQPFrame.protocolHeader
      flushSoon()
    case .received(let bytes): receive(bytes)
    case .closed(let error): lose(AMQPLoss(reason: words.at(error.message)))
    }
  }

  private func receive(_ bytes: [UInt8]) {
    heartbeat?.received()
    frames.append(bytes)
    do {
      while transport != nil, let frame = try frames.next() { receive(frame) }
    } catch {
      if let code = error.code {
        send(.close(AMQPClosing(code: code, text: AMQPShortString(cutting: error.message))), on: 0)
      }
      lose(AMQPLoss(reason: words.at(error.message)))
    }
  }

  private func receive(_ frame: AMQPFrame) {
    switch frame {
    case .heartbeat, .body: break
    case .method(let method, 0): receive(method)
    case .method(let method, let number): channels[number]?.receive(method)
    case .header(let header, let number): channels[number]?.receive(header)
    }
  }

  /// Takes a method of the connection itself.
  private func receive(_ method: AMQPMethod) {
    switch (state, method) {
    case (.closing, .closeOK): end()
    case (.closing, _): break
    case (_, .close(let closing)):
      send(.closeOK, on: 0)
      lose(words.closed(AMQPRefusal(closing), whileLoggingIn: !isOpen))
    case (.loggingIn, _):
      switch login.receive(method) {
      case .send(let methods): for method in methods { send(method, on: 0) }
      case .failed(let reason): lose(AMQPLoss(reason: words.at(reason)))
      case .opened: opened()
      }
    case (.open, .blocked(let reason)): handle?(.blocked(reason.text.beginning(200).printable))
    case (.open, .unblocked): handle?(.unblocked)
    default: break
    }
  }

  private func opened() {
    deadline.cancel()
    state = .open
    frames.frameMax = login.frameMax
    writer.frameMax = login.frameMax
    if login.heartbeat > 0 {
      let heartbeat = AMQPHeartbeat(seconds: login.heartbeat)
      self.heartbeat = heartbeat
      beatTimer.schedule(after: heartbeat.pause)
    }
    handle?(.ready)
  }

  // MARK: time

  private func beat() {
    guard case .open = state, var heartbeat else { return }
    let need = heartbeat.tick()
    self.heartbeat = heartbeat
    switch need {
    case .end: return lose(words.silent(seconds: 2 * Int(login.heartbeat)))
    case .heartbeat: writer.appendHeartbeat(to: &output)
    case .nothing: break
    }
    flush()
    beatTimer.schedule(after: heartbeat.pause)
  }

  private func late() {
    if case .closing = state { return end() }
    lose(words.late)
  }

  // MARK: the end

  private func lose(_ loss: AMQPLoss) {
    if case .ended = state { return }
    var loss = loss
    loss.wasOpen = isOpen
    let handle = handle
    end()
    abandonChannels(loss.refusal)
    handle?(.lost(loss))
  }

  /// Answers the messages that are on their way.
  private func abandonChannels(_ refusal: AMQPRefusal?) {
    let open = channels.values.sorted { $0.number < $1.number }
    let total = open.reduce(0) { $0 + $1.inFlight }
    channels = [:]
    for channel in open { channel.lose(refusal, of: total) }
  }

  private func end() {
    state = .ended
    handle = nil
    deadline.cancel()
    beatTimer.cancel()
    flush()
    // What was just written is handed to the system later in this turn.
    if let transport { surroundings.soon { transport.close() } }
    transport = nil
    selfAtEnd = nil
    let closed = closed
    self.closed = nil
    closed?()
  }
}
