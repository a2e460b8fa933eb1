import Testing

@testable import BeatCore

@Suite("Values that no worker can read are refused: whole numbers past Python's limit, and invalid typed values")
struct KombuJSONTests {
  private static func nines(_ count: Int) -> String { String(repeating: "9", count: count) }

  private func problem(_ fields: String) -> String? { Sample.problem(Sample.document(fields)) }

  @Test(arguments: [#""args": [#]"#, #""kwargs": {"a": [#]}"#, #""headers": {"x": {"y": #}}"#])
  func wholeNumbersHaveALimit(_ fields: String) throws {
    func with(_ number: String) -> String? { problem(fields.replacing("#", with: number)) }
    let field = try #require(fields.split(separator: "\"").first)
    let most = Limit.numberDigits.most
    for number in [Self.nines(most), "-" + Self.nines(most), "0." + Self.nines(9999), Self.nines(9999) + "e1"] {
      #expect(with(number) == nil)
    }
    #expect(with(#""\#(Self.nines(9999))""#) == nil, "in quotes it is a text")
    for number in [Self.nines(most + 1), "-" + Self.nines(most + 1), Self.nines(100_000)] {
      let digits = number.drop { $0 == "-" }.count
      #expect(
        try #require(with(number)).hasSuffix("a whole number has \(digits) digits, and at most 4300 are allowed"))
      #expect(try #require(with(number)).hasPrefix(field))
    }
  }

  /// A field that only the document's author uses is not sent, so it is not checked.
  @Test func otherFieldsAreNotLookedAt() {
    #expect(problem(#""mine": [\#(Self.nines(9999)), {"__type__": "nosuch", "__value__": 1}]"#) == nil)
  }

  @Test(arguments: [
    (#""datetime", "__value__": "2026-01-31T08:30:00.250000+02:00""#, true),
    (#""datetime", "__value__": "2026-01-31""#, true),
    (#""datetime", "__value__": "2026-01-31 08:30Z""#, true),
    (#""datetime", "__value__": "2026-02-29T00:00:00""#, false),
    (#""datetime", "__value__": "2026-01-31T24:00:00""#, false),
    (#""datetime", "__value__": "2026-01-31T23:59:60""#, false),
    (#""datetime", "__value__": 5"#, false), (#""datetime", "__value__": """#, false),
    (#""datetime", "__value__": "2026-01-31T08:30:00.25""#, false),
    (#""datetime", "__value__": "2026-01-31é08:30""#, false),
    (#""date", "__value__": "0000-01-01""#, false), (#""time", "__value__": "23:59:59.999""#, true),
    (#""time", "__value__": "23:59:59+24:00""#, false), (#""time", "__value__": "8:30""#, false),
    (#""decimal", "__value__": "-.5e-10""#, true), (#""decimal", "__value__": "NaN""#, true),
    (#""decimal", "__value__": 1.5"#, true),
    (#""decimal", "__value__": "1e9999999999""#, false), (#""decimal", "__value__": ".""#, false),
    (#""decimal", "__value__": """#, false), (#""decimal", "__value__": null"#, false),
    (#""decimal", "__value__": "--inf""#, false),
    (#""uuid", "__value__": {"hex": "11111111222233334444555555555555"}"#, true),
    (#""uuid", "__value__": {"hex": "1111111122223333444455555555555"}"#, false),
    (#""uuid", "__value__": {"hex": "11111111222233334444555555555555", "x": 1}"#, false),
    (#""uuid", "__value__": {}"#, false),
    (#""bytes", "__value__": "é\u0000""#, true), (#""bytes", "__value__": "\udc00""#, false),
    (#""base64", "__value__": "AAE=\n""#, true), (#""base64", "__value__": "AAE""#, false),
    (#"null, "__value__": 1"#, false), (#"{"a": 1}, "__value__": 1"#, false), (#""\ud800", "__value__": 1"#, false),
    // With another member beside them these two make an ordinary object.
    (#"null, "__value__": 1, "x": 2"#, true), (#""datetime", "year": 2026"#, true),
    // A member comes twice: the last one counts.
    (#"5, "__value__": 1, "__type__": "bytes", "__value__": "x""#, true),
  ])
  func typedValues(_ members: String, _ isRead: Bool) {
    let object = "{\"__type__\": \(members)}"
    for fields in ["\"args\": [1, \(object)]", "\"kwargs\": {\"a\": [[\(object)], {\"b\": 1}]}"] {
      #expect((problem(fields) == nil) == isRead, "\(fields): \(problem(fields) ?? "accepted")")
    }
  }

  @Test func itIsFoundHoweverItIsSpelled() throws {
    for key in ["__type__", #"\u005f_type__"#, #"__t\u0079pe__"#] {
      let text = try #require(problem(#""args": [{"\#(key)" : "uuid" , "__value__":1}]"#))
      #expect(text.hasPrefix("args {") && text.contains("a worker cannot read this value of type uuid"), "\(text)")
    }
    // A typed value lies within another value.
    #expect(problem(#""args": [{"x": {"__type__": "time", "__value__": "x"}, "y": 1}]"#) != nil)
  }

  /// A worker reads these types if its application has registered them, which cannot be known here.
  @Test func typesOfTheApplicationAreWarnedOf() throws {
    let document = try Sample.read(
      Sample.document(#""args": [{"__type__": "money", "__value__": 5}, {"__type__": "money", "__value__": 6}]"#))
    #expect(
      document.warnings == [
        "args holds a value of the type money, which Celery does not know by itself: a worker whose application has not "
          + "registered it loses the task"
      ])
  }

  @Test func keywordArgumentsAreNoTypedValue() throws {
    let text = try #require(problem(#""kwargs": {"__type__": "date", "__value__": "2026-01-01"}"#))
    #expect(text.contains("as one value, and not as keyword arguments"))
    #expect(problem(#""kwargs": {"__type__": "date", "__value__": "2026-01-01", "x": 1}"#) == nil)
  }

  /// In headers a typed value ends the worker or fails the task, whatever its type is.
  @Test func headersHoldNoTypedValue() throws {
    for place in [#""headers": {"x": #}"#, #""options": {"headers": {"x": [#]}}"#] {
      let text = try #require(problem(place.replacing("#", with: #"{"__type__": "date", "__value__": "2026-01-01"}"#)))
      #expect(text.contains("a typed value (__type__) cannot stand in a header"), "\(text)")
    }
    #expect(problem(#""headers": {"__type__": "x", "__value__": 1}"#) == nil)
  }

  @Test(arguments: ["get", "_children", "_get_custom_headers"])
  func headersLeaveTheRequestWhole(_ name: String) throws {
    #expect(try #require(problem(#""headers": {"\#(name)": null}"#)).hasPrefix("headers.\(name): takes the place of"))
    #expect(problem(#""headers": {"\#(name)s": 1}"#) == nil)
  }

  /// A text of one megabyte is read once, however deep it is nested.
  @Test func depthCostsNothing() {
    let open = String(repeating: #"{"__value__": ["x", "#, count: 28)
    let close = String(repeating: "]}", count: 28)
    let text = open + "\"" + String(repeating: "a\\u0041", count: 120_000) + "\"" + close
    #expect(problem("\"args\": [\(text)]") == nil)
  }
}
