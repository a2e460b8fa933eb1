import Testing

@testable import BeatCore

/// A stamp tells edits from runs, without the bytes that were seen.
@Suite struct DocumentStampTests {
  private static let before =
    #"{"name": "a", "task": "t", "enabled": true, "run_immediately": true, "last_run_at": null, "total_run_count": 4}"#

  private func stamp(_ text: String) -> DocumentStamp { DocumentStamp(Array(text.utf8), SHA1.digest) }

  private func carried(to now: String, into edited: String, from before: String = Self.before) -> String? {
    stamp(before).carried(to: Array(now.utf8), into: Array(edited.utf8), SHA1.digest).map {
      String(decoding: $0, as: UTF8.self)
    }
  }

  @Test func itIsReadBack() throws {
    let text = "\(stamp(Self.before))"
    #expect(text.utf8.count == 64 && DocumentStamp(text) == stamp(Self.before))
    for wrong in ["", "abc", text + "0", String(text.dropLast()) + "G", text.uppercased()] {
      #expect(DocumentStamp(wrong) == nil)
    }
  }

  @Test func anEditIsAConflict() {
    #expect(carried(to: Self.before.replacing(#""t""#, with: #""u""#), into: Self.before) == nil)
    // White space is an edit, too: nothing of it may be lost.
    #expect(carried(to: Self.before + " ", into: Self.before) == nil)
    #expect(carried(to: "gone", into: Self.before) == nil)
  }

  @Test func runsAreCarriedIntoTheEdit() {
    let now = Self.before.replacing("4", with: "5").replacing("null", with: #""2026-11-28T12:00:00""#)
    #expect(
      carried(to: now, into: Self.before.replacing(#""t""#, with: #""u""#))
        == now.replacing(#""t""#, with: #""u""#))
    #expect(stamp(Self.before).isOf(Array(now.utf8), SHA1.digest))
    // A field that did not exist is added by a run.
    let bare = #"{"name": "a", "enabled": true}"#
    #expect(
      carried(
        to: #"{"name": "a", "enabled": true, "total_run_count": 1}"#, into: #"{"name": "b", "enabled": true}"#,
        from: bare)
        == #"{"name": "b", "enabled": true, "total_run_count": 1}"#)
  }

  @Test func whatTheUserHasWrittenStays() {
    let now = Self.before.replacing("4", with: "5")
    #expect(carried(to: now, into: Self.before.replacing("4", with: "0")) == Self.before.replacing("4", with: "0"))
  }

  @Test func runImmediatelyIsARunOnlyFromTrueToFalse() {
    let granted = Self.before.replacing(#""run_immediately": true"#, with: #""run_immediately": false"#)
    #expect(carried(to: granted, into: Self.before) == granted)
    #expect(carried(to: Self.before, into: granted, from: granted) == nil)
  }

  @Test func textThatIsNoJSONIsCompared() {
    #expect(carried(to: "broken", into: "mended", from: "broken") == "mended")
    #expect(carried(to: "broken still", into: "mended", from: "broken") == nil)
  }

  /// Both ways to tell a run from an edit agree, and carry the same.
  @Test func itAgreesWithTheBytes() {
    var random = SeededChance(seed: 7)
    let values = ["", #", "total_run_count": 1"#, #", "total_run_count": 2"#]
    let flags = ["", #", "run_immediately": true"#, #", "run_immediately": false"#]
    func text() -> String {
      let name = ["a", "b"][Int(random.next() % 8 == 0 ? 1 : 0)]
      return #"{"name": "\#(name)""# + values[Int(random.next() % 3)] + flags[Int(random.next() % 3)] + "}"
    }
    for _ in 0..<2_000 {
      let (before, now, edited) = (text(), text(), text())
      let bytes = [before, now, edited].map { Array($0.utf8) }
      let isRun = Bookkeeping.isAllThatChanged(from: bytes[0], to: bytes[1])
      #expect(
        carried(to: now, into: edited, from: before)
          == (isRun
            ? String(decoding: Bookkeeping.carried(from: bytes[0], to: bytes[1], into: bytes[2]), as: UTF8.self) : nil),
        "\(before) \(now) \(edited)")
    }
  }
}

/// Two spellings of the same are the same.
@Suite struct JSONMeaningTests {
  private func isSame(_ left: String, _ right: String) -> Bool {
    JSONMeaning.isSame(Array(left.utf8), Array(right.utf8))
  }

  @Test func spellings() {
    for (left, right) in [
      (#"{"a": 1, "b": [1, {"c": null}]}"#, #"{ "b":[1.0,{"c":null}],"a":1e0 }"#),
      (#"{"a": "\u00e4"}"#, #"{"a": "ä"}"#),
      (#"{"a": 1, "a": 2}"#, #"{"a": 2}"#), (#"{"\u0061": true}"#, #"{"a": true}"#), ("{}", " { } "), ("no", "no"),
    ] {
      #expect(isSame(left, right) && isSame(right, left), "\(left) \(right)")
    }
    for (left, right) in [
      (#"{"a": 1}"#, #"{"a": "1"}"#), (#"{"a": 1}"#, #"{"a": 1, "b": 1}"#), (#"{"a": [1, 2]}"#, #"{"a": [2, 1]}"#),
      (#"{"a": 12345678901234567}"#, #"{"a": 12345678901234568}"#), (#"{"a": null}"#, "{}"), ("{", "{}"),
      (#"{"a": ISODate("2026-01-01")}"#, #"{"a": ISODate("2026-01-02")}"#), (#"{"a": true}"#, #"{"a": false}"#),
    ] {
      #expect(!isSame(left, right) && !isSame(right, left), "\(left) \(right)")
    }
    #expect(JSONMeaning.isSame(Array(#"{"a": 1, "b": 2}"#.utf8), Array(#"{"a": 1}"#.utf8), butFor: ["b"]))
    #expect(JSONMeaning.isSame(value: Array("1.0".utf8), Array("1".utf8)))
  }
}
