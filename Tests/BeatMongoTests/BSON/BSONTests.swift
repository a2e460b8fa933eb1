import Testing

@testable import BeatMongo

/// BSON as bsonspec.org describes it: the bytes of each example are written out.
@Suite struct BSONTests {
  /// `{"hello": "world"}`, the specification's own example.
  private static let hello: [UInt8] = [
    0x16, 0, 0, 0, 0x02, 0x68, 0x65, 0x6C, 0x6C, 0x6F, 0, 0x06, 0, 0, 0, 0x77, 0x6F, 0x72, 0x6C, 0x64, 0, 0,
  ]

  @Test func theSpecificationsExample() throws {
    let document = try BSONDocument(Self.hello)
    #expect(document["hello"]?.text == "world")
    #expect(document["hell"] == nil)
    var writer = BSONWriter()
    writer.add("hello", "world")
    #expect(writer.document == document)
  }

  /// `{"BSON": ["awesome", 5.05, 1986]}`, the other one.
  @Test func theOtherExample() throws {
    let document = try BSONDocument([
      0x31, 0, 0, 0, 0x04, 0x42, 0x53, 0x4F, 0x4E, 0, 0x26, 0, 0, 0, 0x02, 0x30, 0, 0x08, 0, 0, 0, 0x61, 0x77, 0x65,
      0x73,
      0x6F, 0x6D, 0x65, 0, 0x01, 0x31, 0, 0x33, 0x33, 0x33, 0x33, 0x33, 0x33, 0x14, 0x40, 0x10, 0x32, 0, 0xC2, 0x07, 0,
      0, 0,
      0,
    ])
    let items = try #require(document["BSON"]?.members).map(\.value)
    #expect(items.map(\.type) == [.string, .double, .int32])
    #expect(items[0].text == "awesome" && items[1].double == 5.05 && items[2].integer == 1986)
  }

  @Test func whatIsWrittenIsRead() throws {
    var writer = BSONWriter()
    writer.add("int32", Int32.min)
    writer.add("int64", Int64.min)
    writer.add("double", -0.0)
    writer.add("yes", true)
    writer.add("no", false)
    writer.add("text", "é\u{0}ü")
    writer.add("bytes", binary: [0, 1, 255])
    writer.add("date", date: -1)
    writer.addNull("null")
    writer.add("inner") { $0.add("a", Int32(1)) }
    writer.add("list", array: [writer.document, writer.document])
    let document = try BSONDocument(writer.document.bytes)
    #expect(document["int32"]?.integer == Int64(Int32.min))
    #expect(document["int64"]?.integer == .min)
    #expect(document["double"]?.double?.sign == .minus)
    #expect(document["yes"]?.bool == true && document["no"]?.bool == false)
    #expect(document["text"]?.text == "é\u{0}ü")
    #expect(document["bytes"]?.binary.map { Array($0.bytes) } == [0, 1, 255])
    #expect(document["date"]?.milliseconds == -1)
    #expect(document["null"]?.type == .null)
    #expect(document["inner"]?["a"]?.integer == 1)
    #expect(document["list"]?["1"]?["inner"]?["a"]?.integer == 1)
    #expect(document.members.map { String(decoding: $0.nameBytes, as: UTF8.self) }.last == "list")
    // A value of another type is none.
    #expect(document["text"]?.integer == nil && document["int32"]?.text == nil && document["null"]?.members == nil)
    // A value copies as it is.
    var copy = BSONWriter()
    for member in document.members { copy.add(String(decoding: member.nameBytes, as: UTF8.self), member.value) }
    #expect(copy.document == document)
  }

  @Test(
    arguments: [
      ([], "byte 0: the document ends too early"),
      ([5, 0, 0, 0], "byte 0: the length 5 leads beyond the end"),
      ([4, 0, 0, 0, 0], "byte 0: the length 4 is too short"),
      ([255, 255, 255, 255, 0], "byte 0: the length -1 is too short"),
      ([5, 0, 0, 0, 1], "byte 4: the document does not end with a zero"),
      ([5, 0, 0, 0, 0, 0], "byte 0: the document gives its length as 5, and it is 6"),
      ([8, 0, 0, 0, 0x0A, 0x61, 0x61, 0], "byte 5: a name has no end"),
      ([8, 0, 0, 0, 0x20, 0x61, 0, 0], "byte 4: 32 is no type of BSON"),
      ([9, 0, 0, 0, 0x08, 0x61, 0, 2, 0], "byte 7: 2 is no Boolean"),
      ([9, 0, 0, 0, 0x10, 0x61, 0, 2, 0], "byte 7: the document ends too early"),
      ([12, 0, 0, 0, 0x02, 0x61, 0, 0, 0, 0, 0, 0], "byte 7: the length 0 is too short"),
      ([13, 0, 0, 0, 0x02, 0x61, 0, 1, 0, 0, 0, 1, 0], "byte 11: the string does not end with a zero"),
      ([13, 0, 0, 0, 0x02, 0x61, 0, 255, 255, 255, 127, 0, 0], "byte 7: the length 2147483647 leads beyond the end"),
      ([13, 0, 0, 0, 0x05, 0x61, 0, 1, 0, 0, 0, 0, 0], "byte 7: the length 1 leads beyond the end"),
      ([13, 0, 0, 0, 0x03, 0x61, 0, 6, 0, 0, 0, 0, 0], "byte 7: the length 6 leads beyond the end"),
      ([10, 0, 0, 0, 0x0B, 0x61, 0, 0x61, 0, 0], "byte 9: a name has no end"),
      (
        [23, 0, 0, 0, 0x0F, 0x61, 0, 15, 0, 0, 0, 1, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0],
        "byte 16: the code's scope does not end with it"
      ),
    ] as [([UInt8], String)]) func whatIsNoBSON(_ bytes: [UInt8], _ problem: String)
  {
    #expect(throws: BSONError.self) { try BSONDocument(bytes) }
    do { _ = try BSONDocument(bytes) } catch { #expect("\(error)" == "no readable BSON, \(problem)") }
  }

  @Test func nestingHasAnEnd() throws {
    func nested(_ levels: Int) -> [UInt8] {
      (1..<levels).reduce(BSONWriter().document) { inner, _ in
        var writer = BSONWriter()
        writer.add("a", inner)
        return writer.document
      }.bytes
    }
    _ = try BSONDocument(nested(BSONScanner.mostLevels))
    #expect(throws: BSONError.self) { try BSONDocument(nested(BSONScanner.mostLevels + 1)) }
  }

  @Test func partsOfValues() throws {
    let document = try BSONDocument(BSONSeeds.everything.bytes)
    #expect(document["oid"]?.objectID.map(ObjectIDText.text) == "0102030405060708090a0b0c")
    #expect(document["uuid"]?.binary?.subtype == 4)
    #expect(
      document["regex"]?.regex.map { [Array($0.pattern), Array($0.options)] } == [Array("^a".utf8), Array("i".utf8)])
    #expect(document["timestamp"]?.timestamp.map { [$0.seconds, $0.increment] } == [1_795_672_772, 3])
    #expect(document["pointer"]?.pointer.map { Array($0.collection) } == Array("db.c".utf8))
    #expect(document["pointer"]?.pointer.map { Array($0.objectID) } == Array(1...12))
    #expect(document["scoped"]?.scopedCode.map { Array($0.code) } == [0x79])
    #expect(document["scoped"]?.scopedCode?.scope == BSONWriter().document)
    #expect(document["decimal"]?.decimal?.text == "0.10")
    #expect(document["array"]?["1"]?["int64"]?.integer == 1 << 40)
    // A value of another type has no such part.
    let other = try #require(document["null"])
    #expect(other.objectID == nil && other.binary == nil && other.regex == nil && other.timestamp == nil)
    #expect(other.pointer == nil && other.scopedCode == nil && other.decimal == nil && other.double == nil)
    #expect(try #require(document["yes"]).isIdentical(to: try #require(document["document"]?["yes"])))
    #expect(try !#require(document["yes"]).isIdentical(to: try #require(document["no"])))
    #expect(try !#require(document["min"]).isIdentical(to: try #require(document["max"])))
  }

  @Test func objectIDs() {
    #expect(ObjectIDText.bytes("0102030405060708090A0b0c") == Array(1...12))
    #expect(ObjectIDText.bytes("0102030405060708090a0b0") == nil && ObjectIDText.bytes("") == nil)
    #expect(
      ObjectIDText.bytes("0102030405060708090a0b0g") == nil && ObjectIDText.bytes("+102030405060708090a0b0c") == nil)
  }

  /// Each of 2,000 random documents is written anew from what is read of it.
  @Test func randomDocuments() throws {
    var random = RandomBSON(seed: 1)
    var types: Set<BSONType> = []
    for _ in 0..<2_000 {
      let document = random.document()
      let read = try BSONDocument(document.bytes)
      #expect(try BSONCopy.copy(read) == document)
      types.formUnion(read.members.map(\.value.type))
    }
    #expect(types == Set(BSONType.allCases))
  }

  /// What cannot be written so is cut, and the rest stays a document.
  @Test func aZeroEndsAName() throws {
    var writer = BSONWriter()
    writer.add("a\u{0}b", pattern: "c\u{0}d", options: "\u{0}")
    writer.add("oid", objectID: [1])
    let document = try BSONDocument(writer.document.bytes)
    #expect(document["a"]?.regex.map { Array($0.pattern) } == [0x63])
    #expect(document["oid"]?.objectID.map(Array.init) == [1] + Array(repeating: 0, count: 11))
  }

  @Test func aNameThatComesTwiceIsReadTwice() throws {
    let document = try BSONDocument([15, 0, 0, 0, 0x08, 0x61, 0, 1, 0x08, 0x61, 0, 0, 0x0A, 0, 0])
    #expect(document.members.map(\.value.type) == [.bool, .bool, .null])
    #expect(document["a"]?.bool == true && document[""]?.type == .null)
  }

  @Test func aStringThatIsNoTextHasNone() throws {
    let document = try BSONDocument([14, 0, 0, 0, 0x02, 0x61, 0, 2, 0, 0, 0, 0xFF, 0, 0])
    #expect(document["a"]?.text == nil)
    #expect(document["a"]?.utf8.map(Array.init) == [0xFF])
  }
}
