import Testing

@testable import BeatCore

/// What a worker's log shows of a task's arguments reads as if Celery's own beat had sent it.
@Suite("PythonRepr: argsrepr and kwargsrepr are what Celery's saferepr makes of the same values")
struct PythonReprTests {
  private func repr(_ value: String) throws -> String {
    let bytes = Array(#"{"kwargs": \#(value)}"#.utf8)
    return String(PythonRepr.keywords(try DocumentLayout(bytes)["kwargs"], in: bytes))
  }

  private func arguments(_ value: String) throws -> String {
    let bytes = Array(#"{"args": \#(value)}"#.utf8)
    return String(PythonRepr.arguments(try DocumentLayout(bytes)["args"], in: bytes))
  }

  @Test(arguments: [
    ("[2, 2]", "[2, 2]"), ("[ 2 ,2 ]", "[2, 2]"), ("[]", "()"), ("[ ]", "()"), ("null", "()"), ("[null]", "[None]"),
    (#"[true, false, null]"#, "[True, False, None]"), (#"["it's \"so\""]"#, #"['it\'s "so"']"#),
    (#"["a\nb\\c"]"#, "['a\nb\\c']"),
    (#"["\u2603", "☃"]"#, "['☃', '☃']"), ("[[[[1]]], 2]", "[[[[...]]], 2]"), ("[[[]]]", "[[[]]]"),
    ("[[[[]]]]", "[[[[...]]]]"),
  ])
  func args(_ value: String, _ expected: String) throws { #expect(try arguments(value) == expected) }

  @Test(arguments: [
    ("{}", "{}"), ("null", "{}"), (#"{"x": 2, "y": [1]}"#, "{'x': 2, 'y': [1]}"),
    (#"{"a": 1, "b": 2, "a": 3}"#, "{'a': 3, 'b': 2}"),
    (#"{"a": {"b": {"c": {"d": 1}}}}"#, "{'a': {'b': {'c': {...}}}}"),
  ])
  func kwargs(_ value: String, _ expected: String) throws { #expect(try repr(value) == expected) }

  @Test(arguments: [
    ("0", "0"), ("-0", "0"), ("7", "7"),
    ("1234567890123456789012345678901234567890", "1234567890123456789012345678901234567890"),
    ("1.0", "1.0"), ("1.50", "1.5"), ("-0.0", "-0.0"), ("1e5", "100000.0"), ("1e15", "1000000000000000.0"),
    ("1e16", "1e+16"),
    ("1e22", "1e+22"), ("1e+100", "1e+100"), ("123456789012345680.0", "1.2345678901234568e+17"), ("0.0001", "0.0001"),
    ("0.00001", "1e-05"), ("1.5e-7", "1.5e-07"), ("1e-400", "0.0"), ("1e400", "inf"), ("-1e400", "-inf"),
    ("NaN", "nan"),
    ("Infinity", "inf"), ("-Infinity", "-inf"), ("5e-324", "5e-324"),
    ("1.7976931348623157e308", "1.7976931348623157e+308"),
    ("0.1", "0.1"), ("0.30000000000000004", "0.30000000000000004"), ("9007199254740993.0", "9007199254740992.0"),
  ])
  func numbers(_ json: String, _ python: String) { #expect(PythonRepr.number(json) == python) }

  // MARK: against Celery

  private func compare(_ values: [String], sourceLocation: SourceLocation = #_sourceLocation) throws {
    let answers = try WireOracle.ask(values.map { WireOracle.request("saferepr", Array($0.utf8)) })
    for (value, answer) in zip(values, answers) {
      #expect(JSONText.string(try repr(value)) == answer, "\(value)", sourceLocation: sourceLocation)
    }
  }

  @Test func randomValuesReadAsWithCelery() throws {
    var random = RandomJSON(seed: 57)
    try compare((0..<3_000).map { _ in random.chance.once(in: 2) ? random.object() : random.list() })
  }

  @Test func randomNumbersReadAsInPython() throws {
    var random = RandomJSON(seed: 58)
    try compare((0..<6_000).map { _ in random.chance.once(in: 4) ? random.integer() : random.float() })
  }

  /// Each kind of value crosses the limit of 1,024 characters at each place.
  @Test func valuesAtTheLimitReadAsWithCelery() throws {
    var values: [String] = []
    let ends = [
      "1", "-12345678901234567890", "1.25", "true", "null", #""""#, #""x""#, #""x y z x y z""#, #""it's it's""#, "[]",
      "{}", "[1]", "[[1]]", "[[[1]]]",
      "[[[[1]]]]", #"{"key": 1}"#, #"{"a b": {"c d": {"e": {}}}}"#, #"[1, "two", [3]]"#, #""☃☃☃ ☃☃☃""#,
    ]
    for end in ends {
      for length in 995...1_026 {
        values.append("[\"\(String(repeating: "x", count: length))\", \(end), \(end)]")
        values.append("[\"\(String(repeating: "x", count: length))\", [\(end)]]")
      }
    }
    try compare(values)
  }
}
