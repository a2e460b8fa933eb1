import Testing

@testable import BeatCore

@Suite("Message options: at the top level or in options{}, the top level first")
struct DocumentOptionsTests {
  private func options(_ fields: String...) throws -> MessageOptions {
    try Sample.read(Sample.document(fields.joined(separator: ", "))).definition.options
  }

  @Test func celerybeatMongoHasThemAtTheTopLevel() throws {
    let options = try options(
      #""queue": "q", "exchange": "e", "exchange_type": "topic", "routing_key": "a.b", "priority": 5"#,
      #""expires": 3600, "time_limit": 20, "soft_time_limit": 10.5, "serializer": "json", "headers": {"k": 1}"#)
    #expect(options.queue == "q")
    #expect(options.exchange == "e")
    #expect(options.routingKey == "a.b")
    #expect(options.priority == 5)
    #expect(options.expires == .after(3_600_000_000))
    #expect(options.timeLimit == "20")
    #expect(options.softTimeLimit == "10.5")
  }

  @Test func celerybeatRedisHasThemInOptions() throws {
    let fields =
      #""queue": "q", "exchange": "e", "exchange_type": "direct", "routing_key": "a.b", "priority": 5, "#
      + #""expires": 3600, "time_limit": 20, "soft_time_limit": 10.5, "headers": {"k": 1}"#
    #expect(try options(#""options": {\#(fields)}"#) == options(fields))
  }

  @Test func theTopLevelWins() throws {
    let options = try options(#""queue": "top", "priority": null, "options": {"queue": "nested", "priority": 3}"#)
    #expect(options.queue == "top")
    #expect(options.priority == 3)
  }

  @Test func emptyTextIsAsGoodAsAbsent() throws {
    #expect(try options(#""queue": "", "exchange": "", "routing_key": """#) == MessageOptions())
  }

  @Test func ofAnOptionThatComesTwiceTheLastCounts() throws {
    #expect(try options(#""options": {"queue": "a", "queue": "b"}"#).queue == "b")
    #expect(try options(#""options": {"queue": "a", "queue": null}"#).queue == nil)
  }

  @Test(arguments: [
    ("60", MessageOptions.Expiry.after(60_000_000)), ("0", .after(0)), ("0.5", .after(500_000)),
    ("NumberInt(60)", .after(60_000_000)), (#"{"$numberLong": "60"}"#, .after(60_000_000)),
    (#""2026-03-02T12:00:00Z""#, .at(Sample.noon)), (#"{"$date": 1772452800000}"#, .at(Sample.noon)),
    (#"ISODate("2026-03-02T12:00:00Z")"#, .at(Sample.noon)),
    (#"{"__type__": "datetime", "year": 2026, "month": 3, "day": 2, "hour": 12}"#, .at(Sample.noon)),
  ])
  func expiresIsSecondsOrADate(_ value: String, _ expected: MessageOptions.Expiry) throws {
    #expect(try options(#""expires": \#(value)"#).expires == expected)
  }

  @Test func expireSecondsIsTheSame() throws {
    #expect(try options(#""expire_seconds": 60"#).expires == .after(60_000_000))
    #expect(try options(#""expires": 5, "expire_seconds": 60"#).expires == .after(5_000_000))
  }

  /// Kombu takes any whole number, also as text, and chooses the list of the nearest of 0…9.
  @Test(arguments: [("0", 0), ("9", 9), ("255", 255), ("-1", -1), (#""7""#, 7), ("5.0", 5), ("NumberInt(3)", 3)])
  func priority(_ value: String, _ expected: Int64) throws {
    #expect(try options(#""priority": \#(value)"#).priority == expected)
  }

  @Test(
    arguments: [
      ("1", 1, 0), (#""transient""#, 1, 0), ("2", 2, 0), (#""persistent""#, 2, 0), ("0", nil, 0), (#""""#, nil, 0),
      ("3", nil, 1), (#""fast""#, nil, 1), ("{\"a\": 1}", nil, 1),
    ] as [(String, Int64?, Int)])
  func deliveryMode(_ value: String, _ expected: Int64?, _ warnings: Int) throws {
    for text in [#""delivery_mode": \#(value)"#, #""options": {"delivery_mode": \#(value)}"#] {
      let document = try Sample.read(Sample.document(text))
      #expect(document.definition.options.deliveryMode == expected)
      #expect(document.warnings.count == warnings, "\(document.warnings)")
    }
  }

  @Test func limitsStayAsTheyAreWritten() throws {
    #expect(try options(#""time_limit": 1e2, "soft_time_limit": NumberInt(30)"#).timeLimit == "1e2")
    #expect(try options(#""soft_time_limit": {"$numberLong": "30"}"#).softTimeLimit == "30")
  }

  @Test func fieldsOfOurOwn() throws {
    let definition = try Sample.read(
      Sample.document(
        #""run_immediately": true, "one_off": true, "max_run_count": 3, "start_after": "2026-03-02T12:00:00Z""#,
        #""expires_at": "2026-03-03", "jitter": 1.5, "catchup": "all", "catchup_window": 3600"#)
    ).definition
    #expect(definition.runImmediately)
    #expect(definition.oneOff)
    #expect(definition.maxRunCount == 3)
    #expect(definition.startAfter == Sample.noon)
    #expect(definition.expiresAt == time("2026-03-03T00:00:00Z"))
    #expect(definition.jitter == 1_500_000)
    #expect(definition.catchup == Catchup(policy: .all, window: 3_600_000_000))
  }

  @Test(arguments: [("latest", Catchup.Policy.latest), ("none", .none), ("all", .all)])
  func catchup(_ text: String, _ policy: Catchup.Policy) throws {
    #expect(try Sample.read(Sample.document(#""catchup": "\#(text)""#)).definition.catchup.policy == policy)
  }
}
