import BeatCore

/// One channel in confirm mode: it publishes messages, and carries out the requests for exchanges and queues.
///
/// The requests are sent without waiting for the channel to be open, as RabbitMQ allows. The server closes a channel to
/// refuse a request or a message; its number is then free for another one.
final class AMQPChannel {
  /// What became of one message.
  enum Answer {
    case confirmed
    /// No queue took it.
    case returned(AMQPRefusal)
    /// A queue refused it.
    case rejected
    /// The server closed the channel while this message and so many others were on their way.
    case channelClosed(AMQPRefusal, others: Int)
    /// The connection ended. The refusal is the server's reason, if it gave one.
    case connectionLost(AMQPRefusal?, others: Int)
  }

  typealias Completion = (Answer) -> Void

  let number: UInt16
  private unowned let connection: AMQPConnection
  private let closed: () -> Void
  private var confirms = ConfirmLedger<Completion>()
  private var requests: [(Result<AMQPMethod, AMQPRefusal>) -> Void] = []
  /// Why the message comes back whose content header is still to come. Its body is of no use.
  private var returning: AMQPRefusal?
  private(set) var isOpen = true

  /// Opens a channel.
  ///
  /// - Parameter closed: called when the server has closed the channel, before its messages are answered.
  init(_ number: UInt16, on connection: AMQPConnection, closed: @escaping () -> Void) {
    self.number = number
    self.connection = connection
    self.closed = closed
    connection.send(.channelOpen, on: number)
    connection.send(.confirmSelect, on: number)
  }

  /// The number of messages that are on their way.
  var inFlight: Int { confirms.count }

  /// - Parameter then: called once, not inside this call.
  func publish(_ message: AMQPMessage, then completion: @escaping Completion) {
    confirms.sent(completion, id: message.correlationID)
    connection.send(message, on: number)
  }

  /// Sends a request that the server answers with one method.
  ///
  /// - Parameter then: called once, not inside this call. A connection that is lost answers nothing.
  func request(_ method: AMQPMethod, then completion: @escaping (Result<AMQPMethod, AMQPRefusal>) -> Void) {
    requests.append(completion)
    connection.send(method, on: number)
  }

  /// Closes the channel, on which no message is on its way. The server answers first what it was asked, and the channel's
  /// number is free when it has said so.
  func close() {
    guard isOpen else { return }
    isOpen = false
    connection.send(.channelClose(AMQPClosing(code: .success, text: .empty)), on: number)
  }

  // MARK: what the server says

  func receive(_ method: AMQPMethod) {
    switch method {
    case .ack(let tag, let isMultiple): answer(tag, isMultiple, isAccepted: true)
    case .nack(let tag, let isMultiple, _): answer(tag, isMultiple, isAccepted: false)
    case .returned(let code, let text, _, _): returning = AMQPRefusal(code, text.text)
    case .channelFlow(let isActive): connection.send(.channelFlowOK(isActive: isActive), on: number)
    case .channelClose(let closing):
      connection.send(.channelCloseOK, on: number)
      end(AMQPRefusal(closing))
    case .channelCloseOK: connection.forget(self)
    case .channelOpenOK, .confirmSelectOK: break
    default:
      guard !requests.isEmpty else { return }
      requests.removeFirst()(.success(method))
    }
  }

  /// Takes the content header of a message that comes back.
  func receive(_ header: AMQPContentHeader) {
    guard let refusal = returning else { return }
    returning = nil
    if let id = header.properties.correlationID { confirms.returned(id: id, refusal) }
  }

  private func answer(_ tag: UInt64, _ isMultiple: Bool, isAccepted: Bool) {
    for (completion, answer) in confirms.answer(tag, isMultiple: isMultiple, isAccepted: isAccepted) {
      switch answer {
      case .confirmed: completion(.confirmed)
      case .returned(let refusal): completion(.returned(refusal))
      case .rejected: completion(.rejected)
      }
    }
  }

  private func end(_ refusal: AMQPRefusal) {
    isOpen = false
    connection.forget(self)
    closed()
    let (messages, requests) = (confirms.abandon(), requests)
    self.requests = []
    for message in messages { message(.channelClosed(refusal, others: messages.count - 1)) }
    for request in requests { request(.failure(refusal)) }
  }

  /// Ends the channel with its connection.
  ///
  /// - Parameter total: the number of messages that are on their way on all channels.
  func lose(_ refusal: AMQPRefusal?, of total: Int) {
    isOpen = false
    requests = []
    for message in confirms.abandon() { message(.connectionLost(refusal, others: total - 1)) }
  }
}
