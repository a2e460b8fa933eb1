import Testing

@testable import BeatCore
@testable import BeatMongo

@Suite struct NewDocumentTests {
  private static func document(_ text: String) throws -> BSONDocument { try NewDocument.document(of: Array(text.utf8)) }

  /// The forms that mongoexport and the mongo shell write are read as their types.
  @Test(
    arguments: [
      (#"{"$date": 5}"#, .date, #"{"$date": 5}"#), (#"{"$date": {"$numberLong": "-5"}}"#, .date, #"{"$date": -5}"#),
      (#"{"$date": "1970-01-01T00:00:01.5Z"}"#, .date, #"{"$date": 1500}"#),
      (#"{"$date": "1969-12-31T23:59:59.9999Z"}"#, .date, #"{"$date": -1}"#),
      (#"{"$date": 9223372036854775807}"#, .date, #"{"$date": 9223372036854775807}"#),
      (#"ISODate("1970-01-01T00:00:01Z")"#, .date, #"{"$date": 1000}"#),
      (#"{"$oid": "0102030405060708090A0b0c"}"#, .objectID, #"{"$oid": "0102030405060708090a0b0c"}"#),
      (#"ObjectId("0102030405060708090a0b0c")"#, .objectID, #"{"$oid": "0102030405060708090a0b0c"}"#),
      (#"{"$numberInt": "5"}"#, .int32, "5"), (#"{"$numberLong": "5"}"#, .int64, "5"), ("NumberLong(5)", .int64, "5"),
      (#"{"$numberDouble": "5"}"#, .double, "5.0"),
      (#"{"$numberDouble": "NaN"}"#, .double, #"{"$numberDouble": "NaN"}"#),
      (#"{"$numberDouble": "-Infinity"}"#, .double, #"{"$numberDouble": "-Infinity"}"#),
      ("NaN", .double, #"{"$numberDouble": "NaN"}"#), (#"{"$numberDecimal": "0.10"}"#, .decimal, "0.10"),
      (#"{"$numberDecimal": "NaN"}"#, .decimal, #"{"$numberDecimal": "NaN"}"#),
      (#"NumberDecimal("1.5")"#, .decimal, "1.5"),
      (
        #"{"$binary": {"base64": "AQ==", "subType": "80"}}"#, .binary,
        #"{"$binary": {"base64": "AQ==", "subType": "80"}}"#
      ),
      (#"{"$binary": "AQ==", "$type": "0"}"#, .binary, #"{"$binary": {"base64": "AQ==", "subType": "00"}}"#),
      (
        #"{"$uuid": "01020304-0506-0708-090a-0b0c0d0e0f10"}"#, .binary,
        #"{"$binary": {"base64": "AQIDBAUGBwgJCgsMDQ4PEA==", "subType": "04"}}"#
      ),
      (
        #"{"$regularExpression": {"pattern": "^a", "options": "i"}}"#, .regex,
        #"{"$regularExpression": {"pattern": "^a", "options": "i"}}"#
      ),
      (#"{"$timestamp": {"t": 4294967295, "i": 2}}"#, .timestamp, #"{"$timestamp": {"t": 4294967295, "i": 2}}"#),
      (#"{"$symbol": "s"}"#, .symbol, #""s""#), (#"{"$code": "x"}"#, .code, #"{"$code": "x"}"#),
      (
        #"{"$code": "x", "$scope": {"a": [1, {"$oid": "0102030405060708090a0b0c"}]}}"#, .scopedCode,
        #"{"$code": "x", "$scope": {"a": [1, {"$oid": "0102030405060708090a0b0c"}]}}"#
      ),
      (
        #"{"$dbPointer": {"$ref": "c", "$id": {"$oid": "0102030405060708090a0b0c"}}}"#, .pointer,
        #"{"$dbPointer": {"$ref": "c", "$id": {"$oid": "0102030405060708090a0b0c"}}}"#
      ),
      (#"{"$minKey": 1}"#, .minKey, #"{"$minKey": 1}"#), (#"{"$maxKey": 1}"#, .maxKey, #"{"$maxKey": 1}"#),
      (#"{"$undefined": true}"#, .undefined, "null"), ("2147483647", .int32, "2147483647"),
      ("-2147483649", .int64, "-2147483649"),
      ("1.50", .double, "1.5"), ("1E5", .double, "100000.0"), ("-0", .int32, "0"), ("-0.0", .double, "-0.0"),
      (#"{"$ref": "c", "$id": 5}"#, .document, #"{"$ref": "c", "$id": 5}"#),
      (#"{"$date": 5, "x": 1}"#, .document, #"{"$date": 5, "x": 1}"#), (#"{"$set": 5}"#, .document, #"{"$set": 5}"#),
    ] as [(String, BSONType, String)])
  func extendedJSON(_ text: String, _ type: BSONType, _ stored: String) throws {
    let document = try Self.document("{\"a\": [\(text)], \"b\": \(text)}")
    #expect(document["b"]?.type == type && document["a"]?["0"]?.type == type)
    let whole = "{\"a\": [\(stored)], \"b\": \(stored)}"
    #expect(try Stored.text(document) == whole)
    // What the text side writes is read to the same again, beside what is stored.
    let changes = try FieldChanges(
      from: Array(whole.utf8), to: Array("{\"a\": [1, \(whole.dropFirst(7))".utf8), stored: document)
    #expect(changes.fieldNames == ["a"])
  }

  /// In arguments they are what they say: objects of JSON.
  @Test func argumentsAreJSON() throws {
    let text = #"{"args": [{"$date": 5}, {"$oid": "x"}], "options": {"headers": {"a": {"$numberLong": "5"}}}}"#
    let document = try Self.document(text)
    #expect(document["args"]?["0"]?.type == .document)
    #expect(try Stored.text(document) == text)
  }

  @Test func theIdIsTheTexts() throws {
    let document = try Self.document(#"{"name": "a", "_id": {"$oid": "0102030405060708090a0b0c"}}"#)
    #expect(document["_id"]?.type == .objectID)
    #expect(try Stored.text(document) == #"{"name": "a"}"#)
  }

  @Test(arguments: [
    (#"{"a": 1, "a": 1}"#, "a stands twice"), (#"{"$a": 1}"#, "$a begins with $"), (#"{"a\u0000": 1}"#, "U+0000"),
    ("5", "is not a JSON object"),
  ]) func whatCannotBeInserted(_ text: String, _ problem: String) {
    let error = #expect(throws: FieldChangesError.self) { try Self.document(text) }
    #expect(error?.description.contains(problem) == true, "\(error?.description ?? "")")
  }

  /// Any JSON comes back with the same values: in Python's spelling, numbers to the last bit of a Double.
  @Test func randomJSON() throws {
    var random = RandomJSON(seed: 3)
    var stored = 0
    for _ in 0..<3_000 {
      let text = "{\"args\": \(random.value())}"
      guard let document = try? Self.document(text) else { continue }
      stored += 1
      let again = try Stored.utf8(document)
      #expect(try Self.canonical(again) == Self.canonical(Array(text.utf8)), "\(text)")
      // The text's own text is the same document.
      #expect(try NewDocument.document(of: again) == document)
    }
    #expect(stored > 1_500)
  }

  /// A text by what it means: no spacing, no spelling of numbers and escapes.
  private static func canonical(_ text: [UInt8]) throws -> String {
    func canonical(_ slice: JSONSlice) -> String {
      switch slice.kind {
      case .string:
        return JSONText.string(JSONScanner.utf8(of: slice, in: text).map { String(decoding: $0, as: UTF8.self) })
      case .array: return "[" + JSONScanner.items(of: slice, in: text).map(canonical).joined(separator: ",") + "]"
      case .object:
        return "{"
          + JSONScanner.members(of: slice, in: text).map { member in
            let key = JSONScanner.utf8(ofKey: member, in: text).map { String(decoding: $0, as: UTF8.self) }
            return JSONText.string(key) + ":" + canonical(member.value)
          }.joined(separator: ",") + "}"
      case .number: return PythonRepr.number(String(decoding: text[slice.range], as: UTF8.self))
      default: return String(decoding: text[slice.range], as: UTF8.self)
      }
    }
    return try canonical(#require(DocumentLayout(text).value("args")))
  }
}
