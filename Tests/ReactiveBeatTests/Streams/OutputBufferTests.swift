import Testing

@testable import BeatLoop

@Suite struct OutputBufferTests {
  /// Takes so many bytes out, as a socket does.
  private func take(_ count: Int, from buffer: inout OutputBuffer) -> [UInt8] {
    var bytes: [UInt8] = []
    while bytes.count < count, !buffer.isEmpty {
      let part = buffer.withFirst { [UInt8]($0.prefix(count - bytes.count)) }
      buffer.removeFirst(part.count)
      bytes += part
    }
    return bytes
  }

  @Test("bytes come out in the order in which they went in, whatever the sizes")
  func order() {
    var buffer = OutputBuffer()
    var (written, read): ([UInt8], [UInt8]) = ([], [])
    var random = SystemRandomNumberGenerator()
    for _ in 0..<2000 {
      let size = [0, 1, 7, 300, 65_535, 65_536, 65_537, 100_000].randomElement(using: &random) ?? 0
      let bytes = [UInt8](repeating: .random(in: 0...255, using: &random), count: size)
      written += bytes
      buffer.append(bytes)
      read += take(.random(in: 0...60_000, using: &random), from: &buffer)
      #expect(buffer.count == written.count - read.count)
    }
    read += take(.max, from: &buffer)
    let isSame = read == written
    #expect(isSame)
    #expect(buffer.isEmpty && buffer.withFirst { $0.isEmpty })
  }

  @Test("small writes share a chunk; their memory is given back as they go")
  func memory() {
    var buffer = OutputBuffer()
    for _ in 0..<100_000 { buffer.append([UInt8](repeating: 1, count: 100)) }
    #expect(buffer.memory < 21_000_000)
    #expect(buffer.chunks.count < 160)
    _ = take(9_000_000, from: &buffer)
    #expect(buffer.memory < 2_100_000)
    _ = take(.max, from: &buffer)
    #expect(buffer.memory <= 2 * OutputBuffer.chunkSize)
    buffer.append([UInt8](repeating: 1, count: 1 << 20))
    _ = take(.max, from: &buffer)
    #expect(buffer.memory <= 2 * OutputBuffer.chunkSize)
  }
}

extension OutputBuffer {
  fileprivate var memory: Int { chunks.reduce(0) { $0 + $1.capacity } }

  /// A chunk whose memory is kept for the next write has no bytes, and a large write does not come behind it.
  @Test func aLargeWriteFollowsSmallOnesThatAreGone() {
    var buffer = OutputBuffer()
    for size in [10, OutputBuffer.chunkSize * 3, 5, OutputBuffer.chunkSize + 1, 1, 1] {
      let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0) }
      buffer.append(bytes)
      let shown = buffer.withFirst { Array($0) }
      #expect(shown.count == size)
      buffer.removeFirst(shown.count)
      #expect(buffer.isEmpty)
    }
  }

  /// As long as there are bytes, `withFirst` shows some.
  @Test(arguments: 1...40 as ClosedRange<UInt64>) func somethingIsAlwaysShown(_ seed: UInt64) {
    var state = seed
    func number(_ count: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % count
    }
    var buffer = OutputBuffer()
    for _ in 0..<300 {
      if number(3) > 0 {
        buffer.append([UInt8](repeating: 1, count: [1, 300, 40_000, OutputBuffer.chunkSize, 200_000][number(5)]))
      }
      for _ in 0..<number(4) where !buffer.isEmpty {
        let shown = buffer.withFirst { $0.count }
        #expect(shown > 0)
        buffer.removeFirst(min(shown, 1 + number(150_000)))
      }
    }
  }
}
