import Testing

@testable import BeatCore
@testable import BeatRedis

@Suite("QueueBinding: which queues a message goes to is decided as by kombu")
struct QueueBindingTests {
  private func topic(_ key: String) -> QueueBinding? {
    KombuKeys.standard.binding(Array("\(key)\u{6}\u{16}^a regular expression$\u{6}\u{16}q".utf8))
  }

  @Test func aDirectBindingTakesItsOwnKeyOnly() {
    let binding = QueueBinding(queue: "a.*")
    #expect(binding.matches(Array("a.*".utf8)))
    #expect(!binding.matches(Array("a.b".utf8)))
    #expect(!binding.matches(Array("".utf8)))
  }

  /// `*` is one word, `#` one or more; words may be empty for `#`. As kombu's regular expressions have it.
  static let topicTable: [(binding: String, key: String, matches: Bool)] = [
    ("a.b", "a.b", true), ("a.b", "a.b.c", false), ("a.b", "axb", false), ("a.*", "a.b", true), ("a.*", "a", false),
    ("a.*", "a.", false), ("a.*", "a.b.c", false), ("*.b", "a.b", true), ("*.b", ".b", false), ("*", "a", true),
    ("*", "", false),
    ("*", "a.b", false), ("#", "a", true), ("#", "a.b.c", true), ("#", "", true), ("a.#", "a.b", true),
    ("a.#", "a.b.c", true),
    ("a.#", "a.", true), ("a.#", "a", false), ("a.#", "ab", false), ("#.b", "a.b", true), ("#.b", "x.a.b", true),
    ("#.b", ".b", true),
    ("#.b", "b", false), ("a.#.z", "a.b.z", true), ("a.#.z", "a.b.c.z", true), ("a.#.z", "a..z", true),
    ("a.#.z", "a.z", false),
    ("a.*.#", "a.b.c.d", true), ("a.*.#", "a.b", false), ("a.*.#", "a..c", false), ("#.#", "a.b", true),
    ("#.#", "a", false),
    ("a#", "a#", true), ("a#", "ab", false), ("a+", "aa", false), ("a+", "a+", true), ("", "", true), ("", "a", false),
  ]

  @Test(arguments: topicTable) func topics(_ binding: String, _ key: String, _ matches: Bool) throws {
    #expect(try #require(topic(binding)).matches(Array(key.utf8)) == matches)
  }

  @Test func thisTableIsKombus() throws {
    let answers = try WireOracle.ask(Self.topicTable.map { #"{"topic": ["\#($0.binding)", "\#($0.key)"]}"# })
    #expect(answers == Self.topicTable.map { $0.matches ? "yes" : "no" })
  }

  @Test func randomTopicsAreKombusToo() throws {
    var chance = SeededChance(seed: 8)
    var pairs: [(String, String)] = []
    for _ in 0..<4_000 {
      let words = { (from: [String], chance: inout SeededChance) in
        (0..<chance.number(1...5)).map { _ in chance.one(of: from) }.joined(separator: ".")
      }
      pairs.append((words(["a", "b", "*", "#", ""], &chance), words(["a", "b", "ab", ""], &chance)))
    }
    let answers = try WireOracle.ask(pairs.map { #"{"topic": ["\#($0.0)", "\#($0.1)"]}"# })
    for (pair, answer) in zip(pairs, answers) {
      #expect(topic(pair.0)?.matches(Array(pair.1.utf8)) == (answer == "yes"), "\(pair)")
    }
  }

  /// A regular expression of kombu's would search this for years.
  @Test(.timeLimit(.minutes(1))) func manyWildcardsCostNoTime() throws {
    let binding = try #require(topic(Array(repeating: "#", count: 500).joined(separator: ".")))
    #expect(binding.matches(Array(Array(repeating: "a", count: 1_000).joined(separator: ".").utf8)))
    #expect(!binding.matches(Array(Array(repeating: "a", count: 400).joined(separator: ".").utf8)))
  }

  // MARK: routes

  @Test(
    arguments: [
      (nil, nil, nil, Route.queue("celery")), ("q", nil, nil, .queue("q")), (nil, "e", nil, .queue("celery")),
      (nil, nil, "k", .queue("celery")), (nil, "e", "k", .exchange("e", routingKey: "k")),
      ("q", "e", "k", .exchange("e", routingKey: "k")), ("q", "e", nil, .queue("q")),
    ] as [(String?, String?, String?, Route)])
  func aNamedExchangeIsUsedWithARoutingKeyOnly(_ queue: String?, _ exchange: String?, _ key: String?, _ route: Route) {
    var options = MessageOptions()
    (options.queue, options.exchange, options.routingKey) = (queue, exchange, key)
    #expect(Route(options, defaultQueue: "celery") == route)
  }
}
