import BeatCore
import Testing

@testable import BeatAMQP

@Suite("AMQP frames: in pieces of any size, within their bounds, split where a body is long")
struct AMQPFrameTests {
  private static let frames: [AMQPFrame] = [
    .method(.openOK, channel: 0),
    .method(.ack(tag: 7, upToTag: true), channel: 3),
    .heartbeat,
    .header(AMQPContentHeader(bodyLength: 3, properties: AMQPProperties()), channel: 3),
    .body([1, 2, 3], channel: 3),
  ]

  private static var bytes: [UInt8] {
    let writer = AMQPFrameWriter()
    var bytes: [UInt8] = []
    writer.append(.openOK, channel: 0, to: &bytes)
    writer.append(.ack(tag: 7, upToTag: true), channel: 3, to: &bytes)
    writer.appendHeartbeat(to: &bytes)
    let header = AMQPContentHeader(bodyLength: 3, properties: AMQPProperties())
    writer.append(header: header.payload, body: [1, 2, 3] as [UInt8], channel: 3, to: &bytes)
    return bytes
  }

  @Test(arguments: [1, 2, 3, 7, 8, 9, 1000]) func piecesOfAnySize(_ size: Int) throws {
    var reader = AMQPFrameReader()
    var found: [AMQPFrame] = []
    var rest = Self.bytes[...]
    while !rest.isEmpty {
      reader.append(rest.prefix(size))
      rest = rest.dropFirst(size)
      while let frame = try reader.next() { found.append(frame) }
    }
    #expect(found == Self.frames)
  }

  @Test func aFrameThatIsExactlyAsLongAsAgreed() throws {
    var bytes: [UInt8] = []
    AMQPFrameWriter().append(.openOK, channel: 0, to: &bytes)
    AMQPFrameWriter().append(header: [], body: [UInt8](repeating: 9, count: 4096 - 8), channel: 1, to: &bytes)
    // The empty header's frame is left out.
    bytes.removeSubrange(13..<21)
    #expect(bytes.count == 13 + 4096)
    #expect(try Self.last(bytes, frameMax: 4096) == .body(ArraySlice(repeating: 9, count: 4088), channel: 1))
    #expect(Self.error(bytes, frameMax: 4095)?.code == .frameError)
  }

  /// The length stands before the payload, so that nothing is kept of a frame that is too long.
  @Test func aLengthBeyondTheBoundIsFoundBeforeItsBytesCome() {
    #expect(Self.error([1, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF])?.code == .frameError)
    #expect(Self.error([1, 0, 0, 0, 2, 0, 0]) == Self.error([1, 0, 0, 0, 2, 0, 0, 1, 2]))
  }

  @Test(
    "What is wrong with a frame",
    arguments: [
      ([1, 0, 0, 0, 0, 0, 4, 0, 10, 0, 51, 0xCF], AMQPReplyCode.frameError),
      ([4, 0, 0, 0, 0, 0, 0, 0xCE], .frameError),
      ([8, 0, 1, 0, 0, 0, 0, 0xCE], .frameError),
      ([8, 0, 0, 0, 0, 0, 1, 0, 0xCE], .frameError),
      ([1, 0, 0, 0, 0, 0, 3, 0, 10, 0, 0xCE], .syntaxError),
      ([1, 0, 0, 0, 0, 0, 5, 0, 10, 0, 51, 0, 0xCE], .syntaxError),
      ([1, 0, 0, 0, 0, 0, 4, 0, 60, 0, 60, 0xCE], .notImplemented),
      ([1, 0, 0, 0, 0, 0, 4, 0, 10, 0, 20, 0xCE], .notImplemented),
      ([2, 0, 1, 0, 0, 0, 14, 0, 50, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xCE], .syntaxError),
      ([2, 0, 1, 0, 0, 0, 14, 0, 60, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xCE], .syntaxError),
    ] as [([UInt8], AMQPReplyCode)])
  func faults(_ bytes: [UInt8], _ code: AMQPReplyCode) {
    var opened: [UInt8] = []
    AMQPFrameWriter().append(.openOK, channel: 0, to: &opened)
    #expect(Self.error(opened + bytes)?.code == code)
  }

  @Test(arguments: [(0, []), (1, [1]), (4088, [4088]), (4089, [4088, 1]), (10_000, [4088, 4088, 1824])])
  func bodiesAreSplit(_ length: Int, _ parts: [Int]) throws {
    var bytes: [UInt8] = []
    let body = (0..<length).map { UInt8(truncatingIfNeeded: $0) }
    let header = AMQPContentHeader(bodyLength: UInt64(length), properties: AMQPProperties())
    AMQPFrameWriter().append(.publish(exchange: "", routingKey: "q", isMandatory: true), channel: 1, to: &bytes)
    AMQPFrameWriter().append(header: header.payload, body: body, channel: 1, to: &bytes)
    var reader = AMQPFrameReader(frameMax: 4096)
    reader.append(bytes)
    var (found, sizes): ([UInt8], [Int]) = ([], [])
    while let frame = try reader.next() {
      guard case .body(let part, 1) = frame else { continue }
      found += part
      sizes.append(part.count)
    }
    #expect(sizes == parts)
    #expect(found == body)
  }

  @Test func aServersReaderTakesTheClientsHeaderFirst() throws {
    var reader = AMQPFrameReader(expectsProtocolHeader: true)
    reader.append(AMQPFrame.protocolHeader.prefix(5))
    #expect(try reader.next() == nil)
    reader.append(AMQPFrame.protocolHeader.dropFirst(5))
    #expect(try reader.next() == nil)
    reader.append(Self.bytes)
    #expect(try reader.next() == Self.frames[0])
    var other = AMQPFrameReader(expectsProtocolHeader: true)
    other.append(Array("GET / HTTP/1.1".utf8))
    #expect(throws: AMQPError.self) { try other.next() }
  }

  private static func last(_ bytes: [UInt8], frameMax: Int) throws -> AMQPFrame? {
    var reader = AMQPFrameReader(frameMax: frameMax)
    reader.append(bytes)
    var last: AMQPFrame?
    while let frame = try reader.next() { last = frame }
    return last
  }

  private static func error(_ bytes: [UInt8], frameMax: Int = AMQPFrameReader.defaultFrameMax) -> AMQPError? {
    do throws(AMQPError) {
      var reader = AMQPFrameReader(frameMax: frameMax)
      reader.append(bytes)
      while try reader.next() != nil {}
      return nil
    } catch { return error }
  }
}
