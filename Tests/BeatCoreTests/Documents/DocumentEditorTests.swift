import Testing

@testable import BeatCore

/// A field changes, and every other byte stays.
@Suite struct DocumentEditorTests {
  private func edited(_ text: String, _ edit: (inout DocumentEditor) -> Void) throws -> String {
    var editor = try DocumentEditor(Array(text.utf8))
    edit(&editor)
    return String(editor.bytes)
  }

  /// All occurrences of a field are removed at once, with the same result as one after the other.
  @Test func eachOfAFieldIsTakenOut() throws {
    var random = RandomJSON(seed: 13)
    for _ in 0..<500 {
      let count = random.chance.number(0...6)
      let members = (0..<count).map { _ in
        "\"\(random.chance.once(in: 2) ? "a" : random.chance.one(of: ["b", "c"]))\""
          + random.chance.one(of: [":", " : "])
          + random.value(depth: 3)
      }
      let text =
        random.chance.one(of: ["{", "{ ", "{\n  "]) + members.joined(separator: random.chance.one(of: [",", " , "]))
        + random.chance.one(of: ["}", "\n}"])
      var editor = try DocumentEditor(Array(text.utf8))
      editor.remove("a")
      #expect(String(editor.bytes) == oneAfterTheOther("a", text), "\(text)")
    }
  }

  /// Removes the occurrences of a field one by one, the last one first.
  private func oneAfterTheOther(_ key: String, _ text: String) -> String {
    var bytes = Array(text.utf8)
    while let members = try? JSONScanner.document(bytes).members,
      let index = members.lastIndex(where: { $0.key == key })
    {
      let (before, own) = (index > 0 ? members[index - 1].value.range.upperBound : nil, members[index])
      let end = before == nil && members.count > 1 ? members[index + 1].keyRange.lowerBound : own.value.range.upperBound
      bytes.removeSubrange((before ?? own.keyRange.lowerBound)..<end)
    }
    return String(bytes)
  }

  @Test func aValueIsReplacedInItsPlace() throws {
    let text = "{ \"a\" :1,\n\t\"queue\":  \"old\" , \"b\": [1, 2 ] }\n"
    let expected = "{ \"a\" :1,\n\t\"queue\":  \"new\" , \"b\": [1, 2 ] }\n"
    #expect(try edited(text) { $0.set("queue", to: #""new""#) } == expected)
  }

  @Test func ofTwoOfANameTheOneThatCountsIsReplaced() throws {
    #expect(try edited(#"{"a": 1, "a": 2}"#) { $0.set("a", to: "3") } == #"{"a": 1, "a": 3}"#)
    #expect(try edited(#"{"\u0061": 1}"#) { $0.set("a", to: "3") } == #"{"\u0061": 3}"#)
  }

  @Test(arguments: [
    (#"{"a": 1}"#, #"{"a": 1, "b": 2}"#), (#"{"a":1}"#, #"{"a":1,"b":2}"#),
    (#"{"a":1,"c":3}"#, #"{"a":1,"c":3,"b":2}"#),
    ("{\n  \"a\": 1\n}\n", "{\n  \"a\": 1,\n  \"b\": 2\n}\n"), ("{}", #"{"b": 2}"#), ("{ }", #"{"b": 2 }"#),
  ])
  func aNewFieldComesLastInTheStyleOfTheOthers(_ text: String, _ expected: String) throws {
    #expect(try edited(text) { $0.set("b", to: "2") } == expected)
  }

  @Test(arguments: [
    (#"{"x": 1, "a": 1, "b": 2}"#, #"{"a": 1, "b": 2}"#), (#"{"a": 1, "x": 1, "b": 2}"#, #"{"a": 1, "b": 2}"#),
    (#"{"a": 1, "b": 2, "x": 1}"#, #"{"a": 1, "b": 2}"#), (#"{"x": 1}"#, "{}"),
    (#"{"x": 1, "a": 2, "x": 3}"#, #"{"a": 2}"#),
    (#"{"a": {"x": 1}}"#, #"{"a": {"x": 1}}"#), ("{\n  \"a\": 1,\n  \"x\": 2\n}", "{\n  \"a\": 1\n}"),
  ])
  func aFieldIsTakenOutWithItsComma(_ text: String, _ expected: String) throws {
    #expect(try edited(text) { $0.remove("x") } == expected)
  }

  @Test func fieldsInsideOthers() throws {
    let text = #"{"options": {"queue": "a"}, "n": 1}"#
    #expect(try edited(text) { $0.set("options", "queue", to: #""b""#) } == #"{"options": {"queue": "b"}, "n": 1}"#)
    #expect(
      try edited(text) { $0.set("options", "priority", to: "3") }
        == #"{"options": {"queue": "a", "priority": 3}, "n": 1}"#)
    #expect(try edited(text) { $0.remove("options", "queue") } == #"{"options": {}, "n": 1}"#)
    #expect(try edited(text) { $0.set("n", "x", to: "1") } == text)
  }

  @Test func oneFieldTakesThePlaceOfAnother() throws {
    let text = #"{"a": 1, "interval" : {"every": 1}, "b": 2}"#
    #expect(try edited(text) { $0.replace("interval", by: "crontab", "{}") } == #"{"a": 1, "crontab" : {}, "b": 2}"#)
  }

  /// A value that is set is read back, and no other field reads differently: in each sample, for each of its fields.
  @Test(arguments: SampleDocuments.all) func whatIsSetIsRead(_ text: String) throws {
    let before = try DocumentEditor(Array(text.utf8))
    for key in before.keys + ["brand new"] {
      var editor = before
      editor.set(key, to: #"{"set": ["here"]}"#)
      #expect(editor.value(key) == Array(#"{"set": ["here"]}"#.utf8))
      for other in before.keys where other != key { #expect(editor.value(other) == before.value(other)) }
      editor.remove(key)
      #expect(editor.value(key) == nil)
      for other in before.keys where other != key { #expect(editor.value(other) == before.value(other)) }
    }
  }
}

/// A document that a user edits while a daemon fires: the user's fields and those of the run are both kept.
@Suite struct CarriedBookkeepingTests {
  private let before = #"{"task": "a", "queue": "x"}"#
  private let ran = #"{"task": "a", "queue": "x", "last_run_at": "2026-03-02T12:00:00Z", "total_run_count": 1}"#

  private func fired(_ text: String, count: Int64) throws -> String {
    String(try DocumentLayout(Array(text.utf8)).fired(due: Sample.noon, count: count).bytes)
  }

  private func isRun(_ before: String, _ after: String) -> Bool {
    Bookkeeping.isAllThatChanged(from: Array(before.utf8), to: Array(after.utf8))
  }

  private func carried(_ before: String, _ now: String, _ edited: String) -> String {
    String(Bookkeeping.carried(from: Array(before.utf8), to: Array(now.utf8), into: Array(edited.utf8)))
  }

  @Test(arguments: SampleDocuments.all) func whatTheDaemonWritesIsNobodysEdit(_ text: String) throws {
    let first = try fired(text, count: 7)
    #expect(isRun(text, first))
    #expect(isRun(text, try fired(first, count: 8)))
  }

  @Test func anythingElseIs() throws {
    #expect(!isRun(before, ran.replacing(#""x""#, with: #""y""#)))
    #expect(!isRun(before, #"{"task": "a",  "queue": "x"}"#))
    #expect(!isRun(before, "{"))
    // Setting `run_immediately` is a user's edit; a run resets it.
    #expect(!isRun(#"{"run_immediately": false}"#, #"{"run_immediately": true}"#))
    #expect(isRun(#"{"run_immediately": true}"#, #"{"run_immediately": false}"#))
  }

  @Test func anEditGoesOnFromTheNewestRun() {
    let edited = #"{"task": "a", "queue": "new"}"#
    #expect(
      carried(before, ran, edited)
        == #"{"task": "a", "queue": "new", "last_run_at": "2026-03-02T12:00:00Z", "total_run_count": 1}"#)
    let later = ran.replacing("12:00:00Z", with: "13:00:00Z").replacing(": 1}", with: ": 2}")
    #expect(carried(ran, later, ran.replacing(#""x""#, with: #""new""#)) == later.replacing(#""x""#, with: #""new""#))
  }

  @Test func whatTheEditItselfSetsStands() {
    let later = ran.replacing(": 1}", with: ": 2}")
    let reset = ran.replacing(": 1}", with: ": 0}")
    #expect(carried(ran, later, reset) == reset)
    #expect(carried(ran, later, before).contains("total_run_count") == false)
  }

  @Test func aRunThatWasAskedForIsNotAskedForAgain() {
    let asked = #"{"queue": "x", "run_immediately": true}"#
    #expect(
      carried(asked, #"{"queue": "x", "run_immediately": false}"#, #"{"queue": "y", "run_immediately": true}"#)
        == #"{"queue": "y", "run_immediately": false}"#)
  }
}
