import BeatCore

/// Writes JSON into memory of a fixed size. A message has some hundred pieces, and an array's `append` would check its
/// capacity at each of them.
struct JSONWriter {
  private let memory: UnsafeMutableBufferPointer<UInt8>
  private(set) var count = 0
  /// A piece did not fit and was left out.
  private(set) var isFull = false

  /// Returns what `write` writes. `room` is the first size of the memory, bytes; if that is too small, `write` is
  /// called again with twice as much.
  static func bytes(room: Int, _ write: (inout JSONWriter) -> Void) -> [UInt8] {
    var room = max(1, room)
    while true {
      var isFull = false
      let bytes = [UInt8](unsafeUninitializedCapacity: room) { memory, count in
        var writer = JSONWriter(memory)
        write(&writer)
        (count, isFull) = (writer.count, writer.isFull)
      }
      if !isFull { return bytes }
      room *= 2
    }
  }

  private init(_ memory: UnsafeMutableBufferPointer<UInt8>) { self.memory = memory }

  /// - Returns: the place for `size` bytes; nil: there is no room.
  private mutating func take(_ size: Int) -> UnsafeMutablePointer<UInt8>? {
    guard let base = memory.baseAddress, size <= memory.count - count else {
      isFull = true
      return nil
    }
    defer { count += size }
    return base + count
  }

  private mutating func append(_ bytes: UnsafeBufferPointer<UInt8>) {
    guard let source = bytes.baseAddress, let place = take(bytes.count) else { return }
    place.update(from: source, count: bytes.count)
  }

  // MARK: as it is

  mutating func append(literal text: StaticString) {
    append(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  mutating func append(_ text: String) {
    var text = text
    text.withUTF8 { append($0) }
  }

  mutating func append(_ number: Int64) {
    guard (0...9).contains(number) else { return append(number.description) }
    take(1)?.pointee = UInt8(ascii: "0") + UInt8(number)
  }

  mutating func append(_ bytes: ArraySlice<UInt8>) { bytes.withUnsafeBufferPointer { append($0) } }

  // MARK: as a JSON string with its quotes

  mutating func append(json text: String) {
    var text = text
    text.withUTF8 { append(json: $0) }
  }

  mutating func append(json utf8: [UInt8]) { utf8.withUnsafeBufferPointer { append(json: $0) } }

  private mutating func append(json utf8: UnsafeBufferPointer<UInt8>) {
    guard Self.isPlain(utf8) else {
      var escaped: [UInt8] = []
      escaped.appendJSON(utf8: Array(utf8))
      return append(escaped[...])
    }
    guard let place = take(utf8.count + 2) else { return }
    place[0] = UInt8(ascii: "\"")
    if let text = utf8.baseAddress { (place + 1).update(from: text, count: utf8.count) }
    place[utf8.count + 1] = UInt8(ascii: "\"")
  }

  /// Whether a text stands in JSON as it is. Eight bytes are looked at together: of each, the highest bit of its place in
  /// the word is set if it needs an escape. (Source: the zero-byte test of "Bit Twiddling Hacks", S. E. Anderson.)
  private static func isPlain(_ utf8: UnsafeBufferPointer<UInt8>) -> Bool {
    let bytes = UnsafeRawBufferPointer(utf8)
    let (ones, tops): (UInt64, UInt64) = (0x0101_0101_0101_0101, 0x8080_8080_8080_8080)
    func hasZero(_ word: UInt64) -> UInt64 { (word &- ones) & ~word & tops }
    var index = 0
    while index + 8 <= bytes.count {
      let word = bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
      let special =
        word & tops | (word &- ones &* 0x20) & ~word & tops | hasZero(word ^ ones &* 0x22)
        | hasZero(word ^ ones &* 0x5C)
        | hasZero(word ^ ones &* 0x7F)
      // The word as a whole may show a byte too many, never one too few: a carry comes from a byte that needs an escape.
      guard special == 0 else { break }
      index += 8
    }
    while index < bytes.count {
      guard JSONText.isPlain(bytes[index]) else { return false }
      index += 1
    }
    return true
  }

  /// Writes a key and what separates it from its value, at the beginning of an object or after another member.
  ///
  /// - Parameter key: a text that needs no escapes.
  mutating func append(key: StaticString, isFirst: Bool) {
    let size = key.utf8CodeUnitCount
    guard let place = take(size + (isFirst ? 5 : 6)) else { return }
    var end = place
    func put(_ byte: Unicode.Scalar) {
      end.pointee = UInt8(ascii: byte)
      end += 1
    }
    if isFirst { put("{") } else { put(",") }
    if !isFirst { put(" ") }
    put("\"")
    end.update(from: key.utf8Start, count: size)
    end += size
    put("\"")
    put(":")
    put(" ")
  }

  mutating func append(base64 bytes: [UInt8]) {
    guard let place = take(Base64.length(of: bytes.count)) else { return }
    var text = UnsafeMutableBufferPointer(start: place, count: Base64.length(of: bytes.count)).mutableSpan
    Base64.encode(bytes, to: &text)
  }
}
