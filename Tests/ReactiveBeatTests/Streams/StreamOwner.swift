import Testing

@testable import ReactiveBeat

/// A stream with what it told. It fails the test if an event comes inside one of its own calls, or after the end.
final class StreamOwner {
  static let words = TLSWords(
    authorities: "--broker-ca", certificate: "--broker-cert", key: "--broker-key", uncheckedHost: nil,
    plainScheme: "amqp://", serverVersions: "rabbitmq.conf: ssl_options.versions")

  /// nil once it is released.
  private(set) var stream: ByteStream?
  private(set) var isOpen = false
  private(set) var received: [UInt8] = []
  /// How many bytes came with each event.
  private(set) var portions: [Int] = []
  private(set) var error: ByteStreamError?
  private var isOver = false
  private var isCalling = false
  private let react: (StreamOwner, ByteStreamEvent) -> Void

  /// - Parameter react: runs after each event.
  init(
    to host: String = "127.0.0.1", _ port: UInt16, security: TLSSettings? = nil, patience: Int64 = 30_000_000,
    on loop: EventLoop, react: @escaping (StreamOwner, ByteStreamEvent) -> Void
  ) {
    self.react = react
    calling {
      stream = ByteStream(
        to: host, port: port, security: security, words: StreamOwner.words, patience: patience, on: loop
      ) { [unowned self] in take($0) }
    }
  }

  var text: String { String(decoding: received, as: UTF8.self) }
  var unsent: Int { stream?.unsent ?? 0 }

  func write(_ text: String) { write(Array(text.utf8)) }
  func write(_ bytes: [UInt8]) { calling { stream?.write(bytes) } }

  func close() {
    calling { stream?.close() }
    isOver = true
  }

  /// Closes the stream and gives its last reference up.
  func release() {
    close()
    stream = nil
  }

  /// Gives the last reference up and does not close the stream.
  func drop() {
    calling { stream = nil }
    isOver = true
  }

  private func calling(_ body: () -> Void) {
    isCalling = true
    body()
    isCalling = false
  }

  private func take(_ event: ByteStreamEvent) {
    #expect(!isCalling, "an event inside a call of its owner: \(event)")
    #expect(!isOver, "an event after the end: \(event)")
    switch event {
    case .opened:
      #expect(!isOpen && portions.isEmpty)
      isOpen = true
    case .received(let bytes):
      #expect(isOpen && !bytes.isEmpty && bytes.count <= 65_536)
      received += bytes
      portions.append(bytes.count)
    case .closed(let error):
      self.error = error
      isOver = true
    }
    react(self, event)
  }
}

/// Why a connection ended that its owner does not close. It says `greeting` first.
func closingError(
  of host: String, _ port: UInt16, security: TLSSettings? = nil, patience: Int64 = 30_000_000, greeting: String = "",
  sourceLocation: SourceLocation = #_sourceLocation
) throws -> (error: ByteStreamError, wasOpen: Bool) {
  var ended: (ByteStreamError, Bool)?
  try onLoop(seconds: 60, sourceLocation: sourceLocation) { loop in
    let owner = StreamOwner(to: host, port, security: security, patience: patience, on: loop) { owner, event in
      guard case .closed(let error) = event else { return }
      ended = (error, owner.isOpen)
      loop.stop()
    }
    if !greeting.isEmpty { owner.write(greeting) }
    return owner
  }
  return try #require(ended, sourceLocation: sourceLocation)
}

/// Compares many bytes; a failure does not print them.
func expectSame(_ left: [UInt8], _ right: [UInt8], sourceLocation: SourceLocation = #_sourceLocation) {
  let isSame = left == right
  #expect(isSame, "\(left.count) bytes and \(right.count)", sourceLocation: sourceLocation)
}
