import Testing

@testable import BeatMongo

/// A document that was damaged on its way or made by an enemy is refused, or read without going beyond its end.
@Suite struct BSONDamageTests {
  @Test func eachTruncationIsRefused() {
    for bytes in BSONSeeds.all.map(\.bytes) {
      for count in bytes.indices { #expect(throws: BSONError.self) { try BSONDocument(Array(bytes[..<count])) } }
    }
  }

  /// With the right length and a zero at its end, a part may be a document.
  @Test func eachTruncationThatSaysItsLength() throws {
    for bytes in BSONSeeds.all.map(\.bytes) {
      for count in bytes.indices { try FuzzTarget.bson.check(Array(bytes[..<count])) }
    }
  }

  @Test func eachByteChanged() throws {
    for bytes in [BSONSeeds.each, BSONSeeds.schedule].map(\.bytes) {
      var (refused, read) = (0, 0)
      for index in bytes.indices {
        for change in [1, 8, 31, 128, 255] as [UInt8] {
          var damaged = bytes
          damaged[index] &+= change
          guard let document = try? BSONDocument(damaged) else {
            refused += 1
            continue
          }
          read += 1
          #expect(try BSONCopy.copy(document).bytes == damaged)
        }
      }
      #expect(refused > bytes.count && read > bytes.count)
    }
  }

  @Test func aDocumentOfManyMembersIsReadOnce() throws {
    // A second look at each of them would take minutes.
    let count = 200_000
    let members = Array(repeating: [BSONType.null.rawValue, 0x61, 0], count: count).joined()
    let length = 5 + 3 * count
    let document = try BSONDocument((0..<4).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) } + members + [0])
    #expect(document.members.reduce(0) { count, _ in count + 1 } == count)
  }
}
