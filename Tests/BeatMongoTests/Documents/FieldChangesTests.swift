import Testing

@testable import BeatCore
@testable import BeatMongo

@Suite struct FieldChangesTests {
  private static func changes(_ stored: BSONDocument, to new: String) throws -> FieldChanges {
    try FieldChanges(from: Stored.utf8(stored), to: Array(new.utf8), stored: stored)
  }

  @Test func nothingHasChanged() throws {
    for stored in [BSONSeeds.each, BSONSeeds.schedule, BSONWriter().document] {
      let changes = try Self.changes(stored, to: Stored.text(stored))
      #expect(changes.isEmpty && changes.fieldNames == [] && changes.update == BSONWriter().document)
    }
  }

  /// Another order, and another white space around values, are no changes. An `_id` does not count.
  @Test func whatIsNoChange() throws {
    let stored = Stored.document {
      $0.add("_id", Int32(1))
      $0.add("a", Int64(1))
      $0.add("b", "x")
    }
    #expect(try Self.changes(stored, to: " { \"b\" :\n\"x\", \"_id\": 7, \"a\": 1 } ").isEmpty)
  }

  @Test func fieldsThatAreNewOrGone() throws {
    let stored = Stored.document {
      $0.add("a", Int64(1))
      $0.add("b", "x")
      $0.add("c", "y")
    }
    let changes = try Self.changes(stored, to: #"{"n": null, "b": "x", "m": [1, {"z": 2.0}]}"#)
    #expect(changes.set.map(\.name) == ["n", "m"] && changes.unset == ["a", "c"])
    #expect(changes.fieldNames == ["n", "m", "a", "c"])
    #expect(
      changes.update
        == Stored.document {
          $0.add("$set") {
            $0.addNull("n")
            $0.add("m", array: [0, 1]) { writer, name, index in
              if index == 0 { writer.add(name, Int32(1)) } else { writer.add(name) { $0.add("z", 2.0) } }
            }
          }
          $0.add("$unset") {
            $0.add("a", "")
            $0.add("c", "")
          }
        })
    #expect(try Stored.text(UpdatedDocument.of(stored, changes)) == #"{"b": "x", "n": null, "m": [1, {"z": 2.0}]}"#)
  }

  /// What stays within a field that changes keeps its type.
  @Test func withinAField() throws {
    let stored = Stored.document { writer in
      writer.add("interval") {
        $0.add("every", BSONDecimal("1.50") ?? BSONDecimal(high: 0, low: 0))
        $0.add("id", objectID: Array(1...12))
        $0.add("long", Int64(7))
        $0.addUndefined("u")
        $0.add("text", symbol: "s")
        $0.add("period", "seconds")
      }
    }
    let text = try Stored.text(stored)
    let changes = try Self.changes(stored, to: text.replacing("seconds", with: "hours").replacing("7", with: "8"))
    let interval = try #require(changes.set.first?.value)
    #expect(
      try #require(interval.members).map(\.value.type) == [.decimal, .objectID, .int64, .undefined, .symbol, .string])
    #expect(interval["long"]?.integer == 8 && interval["period"]?.text == "hours")
    #expect(try #require(interval["every"]).isIdentical(to: #require(stored["interval"]?["every"])))
  }

  /// Of two of one name within a field, the last one counts. (There are as many lookups as a dictionary is made for.)
  @Test(arguments: [1, 8]) func aNameThatStandsTwiceWithinAField(_ others: Int) throws {
    let stored = Stored.document { writer in
      writer.add("x") {
        for index in 0..<others { $0.add("b\(index)", Int32(1)) }
        $0.add("a", Int32(1))
        $0.add("a", Int64(2))
      }
    }
    let text = try Stored.text(stored)
    let changes = try Self.changes(stored, to: text.replacing("\"a\": 1, \"a\": 2", with: "\"a\": 3"))
    #expect(changes.set.first?.value["a"]?.type == .int64)
    let both = try Self.changes(stored, to: text.replacing("\"a\": 1", with: "\"a\": 4"))
    #expect(try Stored.text(UpdatedDocument.of(stored, both)).hasSuffix("\"a\": 4, \"a\": 2}}"))
  }

  /// Arguments have JSON's own types, but for a Date that stays or becomes another one.
  @Test func arguments() throws {
    let stored = Stored.document { writer in
      writer.add("kwargs") {
        $0.add("when", date: 1_767_323_045_678)
        $0.add("until", date: 0)
        $0.add("bytes", binary: [1])
        $0.add("big", Int64(5))
      }
    }
    func typed(_ value: String) -> String { #"{"__type__": "datetime", "__value__": "\#(value)"}"# }
    let changes = try Self.changes(
      stored,
      to: #"{"kwargs": {"when": \#(typed("2027-01-02T03:04:05")), "until": \#(typed("1970-01-01T00:00:00")), "#
        + #""bytes": {"__type__": "bytes", "__value__": "\u0001"}, "big": 6, "new": \#(typed("2027-01-02T03:04:05")), "#
        + #""oid": {"$oid": "0102030405060708090a0b0c"}, "small": 5000000000}}"#)
    let kwargs = try #require(changes.set.first?.value)
    #expect(
      try #require(kwargs.members).map(\.value.type) == [.date, .date, .binary, .int64, .document, .document, .int64])
    #expect(kwargs["when"]?.milliseconds == 1_798_859_045_000)
    #expect(kwargs["oid"]?["$oid"]?.text == "0102030405060708090a0b0c")
    // What kombu would not write of a Date remains as it was written.
    for other in [
      "2027-01-02T03:04:05+00:00", "2027-01-02", "2027-01-02T03:04:05.678", "2027-01-02T03:04:05.678001", "x",
    ] {
      let changes = try Self.changes(stored, to: #"{"kwargs": {"when": \#(typed(other))}}"#)
      #expect(changes.set.first?.value["when"]?["__value__"]?.text == other)
    }
  }

  @Test(arguments: [
    (#"{"a.b": 1}"#, "a.b has a dot in its name, which MongoDB would take for a field within a field"),
    (#"{"$a": 1}"#, "$a begins with $, and MongoDB changes no such field"),
    (#"{"": 1}"#, "\"\" has no name, and MongoDB changes no such field"),
    (#"{"a": 1, "a": 2}"#, "a stands twice in the document; take one of them out by hand"),
    (#"{"twice": 3}"#, "twice stands twice in the document; take one of them out by hand"),
    (
      #"{"a": [9223372036854775808]}"#,
      "a[0] holds 9223372036854775808, which is beyond the 64 bits of a whole number in MongoDB"
    ),
    (#"{"a": {"b": 1e400}}"#, "a.b holds 1e400, which is beyond what a Double holds"),
    (#"{"args": [NaN]}"#, "args[0] holds NaN, which is not JSON"),
    (
      #"{"args": [ISODate("2026-01-02T03:04:05Z")]}"#,
      #"args[0] holds ISODate("2026-01-02T03:04:05Z"), which is not JSON"#
    ),
    (#"{"a": Foo(1)}"#, "a holds Foo(1), which is not JSON"),
    (#"{"a": "\ud800"}"#, "a holds half of a surrogate pair, which is no text"),
    (#"{"\ud800": 1}"#, "has a field whose name holds half of a surrogate pair, which is no text"),
    (#"{"a": {"b\u0000": 1}}"#, "a has a field whose name holds U+0000, at which a name ends in MongoDB"),
    (
      #"{"a": {"$regularExpression": {"pattern": "\u0000", "options": ""}}}"#,
      #"a holds {"$regularExpression": {"pattern": "\u0000", "options": ""}}, which cannot be read as that type"#
    ),
    (#"{"a": {"$oid": "5"}}"#, #"a holds {"$oid": "5"}, which cannot be read as that type"#),
    (
      #"{"a": {"$numberInt": "5000000000"}}"#,
      #"a holds {"$numberInt": "5000000000"}, which cannot be read as that type"#
    ),
    (
      #"{"kwargs": {"x": {"$ref": "c", "$id": 1}}}"#,
      "kwargs.x holds $ref and $id, which pymongo reads as a DBRef, and Celery cannot send one as JSON"
    ),
    ("[]", "is not a JSON object"), ("{", "line 1 column 2"),
  ]) func whatCannotBeStored(_ new: String, _ problem: String) throws {
    let stored = Stored.document { writer in
      guard new.contains("twice") else { return }
      writer.add("twice", Int32(1))
      writer.add("twice", Int32(2))
    }
    let error = #expect(throws: FieldChangesError.self) { try Self.changes(stored, to: new) }
    #expect(error?.description.contains(problem) == true, "\(error?.description ?? "")")
  }

  /// Two fields of one name are left alone where they do not change.
  @Test func aFieldThatStandsTwice() throws {
    let stored = Stored.document {
      $0.add("a", Int32(1))
      $0.add("a", Int32(2))
      $0.add("b", Int32(3))
    }
    #expect(try Self.changes(stored, to: #"{"a": 1, "a": 2, "b": 4}"#).fieldNames == ["b"])
    #expect(throws: FieldChangesError.self) { try Self.changes(stored, to: #"{"a": 1, "b": 3}"#) }
  }

  /// Names of the same letters in Unicode are two names.
  @Test func namesAreBytes() throws {
    let stored = Stored.document {
      $0.add("é", Int32(1))
      $0.add("e\u{301}", Int32(2))
    }
    let changes = try Self.changes(stored, to: #"{"\u00e9": 1, "e\u0301": 3}"#)
    #expect(changes.set.map { Array($0.name.utf8) } == [Array("e\u{301}".utf8)])
    #expect(changes.old("e\u{301}")?.integer == 2)
  }

  /// A field of any size is compared and found once.
  @Test func aDocumentOfManyFields() throws {
    let stored = Stored.document { for index in 0..<20_000 { $0.add("field\(index)", Int32(index)) } }
    let reversed = "{" + (0..<20_000).reversed().map { "\"field\($0)\": \($0 + 1)" }.joined(separator: ", ") + "}"
    let changes = try Self.changes(stored, to: reversed)
    #expect(changes.set.count == 20_000)
  }

  // MARK: properties

  /// Random documents and random edits: the server's document then has the new text, and what did not change its bytes.
  @Test func randomEdits() throws {
    var random = RandomBSON(seed: 5)
    var (tried, changed) = (0, 0)
    while tried < 1_500 {
      let stored = random.schedule()
      let wanted = random.edited(stored)
      guard let old = try? Stored.utf8(stored), let new = try? Stored.utf8(wanted) else { continue }
      tried += 1
      let changes = try FieldChanges(from: old, to: new, stored: stored)
      changed += changes.fieldNames.count
      let after = try UpdatedDocument.of(stored, changes)
      #expect(try Stored.text(after) == String(decoding: new, as: UTF8.self))
      let touched = Set(changes.fieldNames.map { Array($0.utf8) })
      for member in stored.members {
        let name = String(decoding: member.nameBytes, as: UTF8.self)
        guard !touched.contains(Array(member.nameBytes)) else { continue }
        #expect(try #require(after[name]).isIdentical(to: member.value))
      }
      // Once more changes nothing, and backwards it leads to the old text but for the order.
      #expect(try FieldChanges(from: new, to: new, stored: after).isEmpty)
    }
    #expect(changed > 1_500)
  }
}
