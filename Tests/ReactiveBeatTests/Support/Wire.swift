import Glibc

/// Redis' protocol as far as a proxy must know it: where a request or a reply ends.
enum Wire {
  /// The index behind the value that begins at `start`; nil if the value is not complete.
  static func end(of bytes: [UInt8], from start: Int = 0) -> Int? {
    guard let newline = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) else { return nil }
    let next = newline + 1
    guard newline > start else { return next }
    let count = Int(String(decoding: bytes[(start + 1)..<newline].dropLast(), as: UTF8.self)) ?? 0
    switch bytes[start] {
    case UInt8(ascii: "$"):
      guard count >= 0 else { return next }
      return bytes.count >= next + count + 2 ? next + count + 2 : nil
    case UInt8(ascii: "*"):
      var position = next
      for _ in 0..<max(0, count) {
        guard position < bytes.count, let end = end(of: bytes, from: position) else { return nil }
        position = end
      }
      return position
    default:
      return next
    }
  }

  /// The words of a complete request.
  static func words(of request: [UInt8]) -> [[UInt8]] {
    guard request.first == UInt8(ascii: "*"), let first = request.firstIndex(of: UInt8(ascii: "\n")) else { return [] }
    var words: [[UInt8]] = []
    var position = first + 1
    while position < request.count, let newline = request[position...].firstIndex(of: UInt8(ascii: "\n")),
      let end = end(of: request, from: position)
    {
      words.append(Array(request[(newline + 1)..<max(newline + 1, end - 2)]))
      position = end
    }
    return words
  }
}
