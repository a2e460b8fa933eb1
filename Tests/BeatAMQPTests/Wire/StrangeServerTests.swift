import Testing

@testable import BeatAMQP

@Suite("What answers where an AMQP server was expected is named")
struct StrangeServerTests {
  @Test(arguments: [
    (Array("AMQP".utf8) + [0, 1, 0, 0], "speaks AMQP 1-0-0 and not 0-9-1"),
    (Array("AMQP".utf8) + [0, 0, 9, 1], "speaks AMQP 0-9-1"),
    ([0x15, 3, 3, 0, 2, 2, 22], "write amqps://"),
    ([0x15], "write amqps://"),
    (Array("HTTP/1.1 400 Bad Request\r\n".utf8), "management on port 15672"),
    (Array("-ERR unknown command 'AMQP'\r\n".utf8), "a Redis server answers"),
    (Array("SSH-2.0-OpenSSH_9.2\r\n".utf8), #"its first bytes are "SSH-2.0-OpenSSH_9.2\u{d}\u{a}""#),
    ([0], #"its first bytes are "\u{0}""#),
    ([0xFF, 1], "no AMQP server answers"),
  ])
  func named(_ bytes: [UInt8], _ words: String) {
    #expect(throws: AMQPError(nil, Self.message(bytes) ?? "")) {
      var reader = AMQPFrameReader()
      reader.append(bytes)
      _ = try reader.next()
    }
    #expect(Self.message(bytes)?.contains(words) == true)
  }

  @Test func waitsWhileTheBytesMayBeItsHeader() {
    for count in 0..<8 { #expect(Self.message(Array("AMQP\0\0\u{9}\u{1}".utf8.prefix(count))) == nil) }
  }

  @Test func aStrangerIsLookedForBeforeTheFirstFrameOnly() throws {
    var reader = AMQPFrameReader()
    var bytes: [UInt8] = []
    AMQPFrameWriter().append(.openOK, channel: 0, to: &bytes)
    reader.append(bytes + Array("HTTP/1.1".utf8))
    #expect(try reader.next() == .method(.openOK, channel: 0))
    #expect { try reader.next() } throws: { ($0 as? AMQPError)?.code == .frameError }
  }

  private static func message(_ bytes: [UInt8]) -> String? { StrangeServer(bytes[...])?.error?.message }
}
