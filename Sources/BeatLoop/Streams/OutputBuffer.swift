/// Bytes on their way out, in their order. Memory is given back as the system takes them.
struct OutputBuffer {
  /// Small writes are put together into chunks of this size, so that they go out by one call of the system. A larger
  /// write is a chunk of its own, and is not copied.
  static let chunkSize = 64 * 1024

  private(set) var chunks: [[UInt8]] = []
  /// The first chunk that is not all gone, and how much of it is.
  private var first = 0
  private var taken = 0

  private(set) var count = 0

  var isEmpty: Bool { count == 0 }

  mutating func append(_ bytes: [UInt8]) {
    guard !bytes.isEmpty else { return }
    defer { count += bytes.count }
    if let last = chunks.indices.last, chunks[last].count + bytes.count <= OutputBuffer.chunkSize {
      chunks[last].append(contentsOf: bytes)
    } else if isEmpty {
      // A chunk whose memory was kept has no bytes, and must not stand before these.
      (chunks, first) = ([bytes], 0)
    } else {
      chunks.append(bytes)
    }
  }

  /// The first bytes, at least one unless the buffer is empty.
  func withFirst<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    guard chunks.indices.contains(first) else { return body(UnsafeRawBufferPointer(start: nil, count: 0)) }
    return chunks[first].withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[taken...])) }
  }

  /// Removes so many bytes from the front, no more than `withFirst` has shown.
  mutating func removeFirst(_ number: Int) {
    taken += number
    count -= number
    guard taken == chunks[first].count else { return }
    taken = 0
    if isEmpty, chunks.count == 1, chunks[0].capacity <= OutputBuffer.chunkSize {
      // The next writes find its memory.
      chunks[0].removeAll(keepingCapacity: true)
      return
    }
    chunks[first] = []
    first += 1
    if isEmpty {
      (chunks, first) = ([], 0)
    } else if first >= 64, first * 2 >= chunks.count {
      chunks.removeFirst(first)
      first = 0
    }
  }
}
