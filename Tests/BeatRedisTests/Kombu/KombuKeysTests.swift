import Testing

@testable import BeatCore
@testable import BeatRedis

@Suite("KombuKeys: what workers are told decides the names of their lists and bindings")
struct KombuKeysTests {
  private let standard = KombuKeys.standard
  private let shop = KombuKeys(
    globalPrefix: Array("shop-".utf8), separator: Array(":".utf8), prioritySteps: Array(0...9))

  // MARK: lists

  /// Measured with kombu 5.7: 0…9 fold into four lists, whatever is beyond into the nearest.
  @Test(arguments: [
    (0, "celery"), (1, "celery"), (2, "celery"), (-1, "celery"), (Int64.min, "celery"), (3, "celery\u{6}\u{16}3"),
    (5, "celery\u{6}\u{16}3"), (6, "celery\u{6}\u{16}6"), (8, "celery\u{6}\u{16}6"), (9, "celery\u{6}\u{16}9"),
    (10, "celery\u{6}\u{16}9"), (255, "celery\u{6}\u{16}9"), (Int64.max, "celery\u{6}\u{16}9"),
  ])
  func aPriorityIsAListOfItsOwn(_ priority: Int64, _ list: String) {
    #expect(String(standard.list(of: Array("celery".utf8), priority: priority)) == list)
  }

  @Test func prefixSeparatorAndStepsAreHonoured() {
    #expect(String(shop.list(of: Array("celery".utf8), priority: 4)) == "shop-celery:4")
    #expect(String(shop.list(of: Array("celery".utf8), priority: 0)) == "shop-celery")
    #expect(shop.lists(of: Array("q".utf8)).map { String($0) }.prefix(3) == ["shop-q", "shop-q:1", "shop-q:2"])
    #expect(standard.lists(of: Array("q".utf8)).map { String($0).count } == [1, 4, 4, 4])
  }

  @Test func aListIsToldInWords() {
    #expect(standard.words(for: Array("reports".utf8)) == "reports")
    #expect(standard.words(for: Array("reports\u{6}\u{16}3".utf8)) == "reports, priority 3")
    // No step of theirs, so it belongs to the name.
    #expect(standard.words(for: Array("reports\u{6}\u{16}4".utf8)) == #"reports\u{6}\u{16}4"#)
    #expect(shop.words(for: Array("shop-reports:4".utf8)) == "reports, priority 4")
    #expect(shop.words(for: Array("shop-reports:0".utf8)) == "reports:0")
    #expect(shop.words(for: Array("other:4".utf8)) == "other:4")
    #expect(shop.words(for: [0xFF]) == #"\xff"#)
  }

  @Test func aListIsTakenApart() throws {
    for queue in ["", "q", ":", "a:3", "shop-"] {
      for priority in Int64(0)...9 {
        let place = try #require(shop.place(of: shop.list(of: Array(queue.utf8), priority: priority)))
        // Only a queue that workers mistake, too, can be taken for another.
        guard !shop.isMistaken(Array(queue.utf8)) else { continue }
        #expect(String(place.queue) == queue && place.step == priority)
      }
    }
    #expect(shop.place(of: Array("shop".utf8)) == nil)
  }

  @Test func queuesThatWorkersMistakeAreKnown() {
    #expect(shop.isMistaken(Array("eu:orders".utf8)) && !shop.isMistaken(Array("orders".utf8)))
    #expect(!standard.isMistaken(Array("eu:orders".utf8)))
    #expect(standard.isMistaken(Array("a\u{6}\u{16}b".utf8)))
    // Without a list of the queue's own name it is always cut at the right place.
    let ones = KombuKeys(separator: Array(":".utf8), prioritySteps: [1, 5])
    #expect(!ones.isMistaken(Array("eu:orders".utf8)))
  }

  // MARK: bindings

  @Test func bindings() {
    #expect(String(standard.bindings(of: "reports")) == "_kombu.binding.reports")
    #expect(String(standard.permanentBindings(of: "reports")) == "_kombu.binding_permanent.reports")
    #expect(String(shop.bindings(of: "reports")) == "shop-_kombu.binding.reports")
    #expect(String(shop.permanentBindings(of: "reports")) == "shop-_kombu.binding_permanent.reports")
  }

  @Test func aQueueIsDeclaredAsADirectExchangeOfItsName() {
    #expect(String(standard.member(QueueBinding(queue: "celery"))) == "celery\u{6}\u{16}\u{6}\u{16}celery")
    #expect(String(shop.member(QueueBinding(queue: "celery"))) == "celery::celery")
  }

  @Test func aMemberIsReadBack() throws {
    let member = Array("a.*\u{6}\u{16}^a\\.[^\\.]+$\u{6}\u{16}que:ue".utf8)
    let binding = try #require(standard.binding(member))
    #expect(String(binding.routingKey) == "a.*")
    #expect(String(binding.queue) == "que:ue")
    #expect(standard.member(binding) == member)
    for other in ["", "celery", "a\u{6}\u{16}b", "a\u{6}\u{16}b\u{6}\u{16}c\u{6}\u{16}d", "a\u{6}b\u{6}c"] {
      #expect(standard.binding(Array(other.utf8)) == nil, "\(other.debugDescription)")
    }
    #expect(standard.binding([0x06, 0x16, 0x06, 0x16]) != nil)
    #expect(standard.binding([0x06]) == nil)
    #expect(shop.binding(member) == nil)
    #expect(shop.binding(Array("k::q".utf8)) == QueueBinding(routingKey: [0x6B], pattern: [], queue: [0x71]))
  }

  @Test func aMessageGoesToEachBoundQueueOnce() {
    let members = ["k::b", "k::a", "k:^x$:b", "other::c", "not a binding"].map { Array($0.utf8) }
    #expect(shop.queues(boundBy: members, routingKey: "k").map { String($0) } == ["a", "b"])
  }

  // MARK: kombu itself

  /// Options, queues and priorities by chance, and those that people have had trouble with.
  @Test func theyAreKombusOwn() throws {
    var chance = SeededChance(seed: 16)
    func text(_ parts: [String], _ lengths: ClosedRange<Int>) -> String {
      (0..<chance.number(lengths)).map { _ in chance.one(of: parts) }.joined()
    }
    var cases: [(options: TransportOptions, queue: String, priority: Int64, exchange: String, member: [UInt8])] = []
    var requests: [String] = []
    for _ in 0..<6_000 {
      var members: [String] = []
      func quoted(_ text: String) -> String {
        var bytes: [UInt8] = []
        bytes.appendJSON(text)
        return String(bytes)
      }
      if chance.number(0...2) > 0 {
        members.append(
          #""global_keyprefix": "# + quoted(text(["shop-", "*", "?", "[a]", "é", ":", "{t}", "\\"], 0...3)))
      }
      if chance.number(0...2) > 0 {
        members.append(#""sep": "# + quoted(text([":", "::", "é", "\u{6}\u{16}", ".", "3", "a"], 1...2)))
      }
      if chance.number(0...2) > 0 {
        let steps = (0..<chance.number(1...6)).map { _ in "\(chance.number(-2...11))" }
        members.append(#""priority_steps": [\#(steps.joined(separator: ", "))]"#)
      }
      let json = "{\(members.joined(separator: ", "))}"
      let options = try TransportOptions(json: Array(json.utf8))
      let queue = text(["celery", "a", ":", "é", ".", "3", "\u{6}\u{16}", "shop-"], 1...3)
      let priority = Int64(chance.number(-2...12))
      let exchange = text(["celery", "x", ":", "é"], 1...2)
      let separator = String(options.keys.separator)
      let member = Array(
        (0..<chance.number(1...4)).map { _ in text(["k", "", "."], 0...1) }.joined(separator: separator).utf8)
      cases.append((options, queue, priority, exchange, member))
      requests.append(
        #"{"kombu": {"options": \#(json), "queue": \#(quoted(queue)), "priority": \#(priority), "#
          + #""exchange": \#(quoted(exchange)), "member": "\#(Self.hex(member))"}}"#)
    }
    let answers = try WireOracle.ask(requests)
    for (index, (one, answer)) in zip(cases, answers).enumerated() {
      let keys = one.options.keys
      let queue = Array(one.queue.utf8)
      let push = keys.list(of: queue, priority: one.priority)
      let layout = try DocumentLayout(Array(answer.utf8))
      let why = "\(requests[index])\n\(answer)"
      func texts(_ name: String) -> [String] {
        layout[name].map { JSONScanner.items(of: $0, in: layout.bytes) }?
          .compactMap { JSONScanner.text(of: $0, in: layout.bytes) } ?? []
      }
      #expect(layout.text("push") == Self.hex(push), "\(why)")
      #expect(texts("lists") == keys.lists(of: queue).map(Self.hex), "\(why)")
      #expect(
        texts("sets") == [keys.bindings(of: one.exchange), keys.permanentBindings(of: one.exchange)].map(Self.hex),
        "\(why)")
      #expect(layout.text("member") == Self.hex(keys.member(QueueBinding(queue: one.queue))), "\(why)")
      let binding = keys.binding(one.member)
      #expect(
        (texts("parts").count == 3 ? texts("parts") : nil)
          == binding.map { [$0.routingKey, $0.pattern, $0.queue].map(Self.hex) }, "\(why)")
      #expect(keys.lists(of: queue).contains(push), "\(why)")
      if !keys.isMistaken(queue) { #expect(layout.text("taken") == Self.hex(queue), "\(why)") }
      if layout.text("taken") != Self.hex(queue) { #expect(keys.isMistaken(queue), "\(why)") }
      // What it says of itself makes it anew.
      #expect(try TransportOptions(json: Array(keys.description.utf8)).keys == keys, "\(why)")
    }
  }

  private static func hex(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef")
    return String(bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
  }
}
