@testable import BeatMongo

extension FuzzTarget {
  /// A document of BSON: what is read of it is all that stands there, and lies within it.
  static let bson = FuzzTarget(
    "bson",
    words: [
      "\u{0}", "\u{1}a\u{0}", "\u{2}a\u{0}\u{1}\u{0}\u{0}\u{0}\u{0}", "\u{3}a\u{0}\u{5}\u{0}\u{0}\u{0}\u{0}",
      "\u{A}\u{0}",
    ],
    seeds: { BSONSeeds.all.map(\.bytes) },
    check: { bytes in
      // Lengths that stand wrong are found at once, so each input is tried with the right one, too.
      try holdBSON(bytes)
      try holdBSON(withItsLength(bytes))
    })

  private static func withItsLength(_ bytes: [UInt8]) -> [UInt8] {
    guard bytes.count >= 5 else { return bytes }
    var bytes = bytes
    for index in 0..<4 { bytes[index] = UInt8(truncatingIfNeeded: bytes.count >> (8 * index)) }
    bytes[bytes.count - 1] = 0
    return bytes
  }

  private static func holdBSON(_ bytes: [UInt8]) throws {
    let document: BSONDocument
    do throws(BSONError) { document = try BSONDocument(bytes) } catch {
      try hold((0...bytes.count).contains(error.offset), "an error at \(error.offset) of \(bytes.count)")
      return try holdOneLine(error.description)
    }
    try hold(try BSONCopy.copy(document) == document, "a document that is another one when it is written")
  }

  /// What a MongoDB server sends, and what is sent to it.
  static let mongo: [FuzzTarget] = [bson, stored]
}
