import Testing

@testable import BeatCore
@testable import BeatRedis
@testable import ReactiveBeat

/// What nodes of a cluster answer, without a server.
@Suite struct ClusterViewTests {
  private static let slot = HashSlot(of: Array("{beat}:tasks:".utf8))
  private static let asked = RedisEndpoint.tcp(host: "10.0.0.1", port: 7000)

  /// The slots are those of CLUSTER KEYSLOT.
  @Test(arguments: [
    ("", 0), ("123456789", 12739), ("foo", 12182), ("{foo}bar", 12182), ("foo{}", 5542), ("{user1000}.x", 3443),
  ])
  func slots(_ key: String, _ slot: Int) {
    #expect(HashSlot(of: Array(key.utf8)).number == slot)
  }

  /// All of the daemon's own keys are in the slot of the documents.
  @Test func allKeysAreInOneSlot() throws {
    let keys = RedisKeys(prefix: "{beat}:tasks:")
    let rehearsed = RedisKeys(rehearsing: keys, as: "a{b}c")
    var all = keys.own + keys.ofHeartbeat("a{b}c") + rehearsed.own + rehearsed.ofHeartbeat("a{b}c")
    all += [keys.document(EntryName("{other}x")), keys.answer(to: "{r}"), rehearsed.document(EntryName("a"))]
    all += [keys.rehearsalQueue, rehearsed.rehearsalQueue, keys.offer]
    for key in all { #expect(HashSlot(of: key) == Self.slot, "\(String(decoding: key, as: UTF8.self))") }
    #expect(ClusterFit(keys)?.slot == Self.slot)
  }

  private func nodeState(_ flags: String, _ slots: String, epoch: String = "7") -> ClusterNodeState? {
    let other = "bb 10.0.0.2:7001@17001 master - 0 1700000000000 2 connected 8000-9000"
    let own = "aa 10.0.0.1:7000@17000,host \(flags) - 0 0 \(epoch) connected \(slots)"
    return ClusterNodeState("\(other)\n\(own)\n", slot: Self.slot)
  }

  @Test func aNodesOwnState() throws {
    let number = Self.slot.number
    func expect(_ flags: String, _ slots: String, owns: Bool, moves: Bool) throws {
      let state = try #require(nodeState(flags, slots))
      #expect(state.isOwner == owns && state.isMoving == moves && state.epoch == 7, "\(flags) \(slots)")
      #expect(state.isWhole == (owns && !moves))
    }
    try expect("myself,master", "0-16383", owns: true, moves: false)
    try expect("myself,master", "1 \(number) 3-4", owns: true, moves: false)
    try expect("myself,master", "0-\(number - 1) \(number + 1)-16383", owns: false, moves: false)
    try expect("myself,master", "", owns: false, moves: false)
    try expect("master,myself", "0-16383 [\(number)->-bb]", owns: true, moves: true)
    try expect("myself,master", "1-2 [\(number)-<-bb]", owns: false, moves: true)
    // Another slot's move does not matter.
    try expect("myself,master", "0-16383 [\(number + 1)->-bb] [\(number)0->-bb]", owns: true, moves: false)
    // A replica has no slots of its own, whatever is written there.
    try expect("myself,slave", "0-16383", owns: false, moves: false)
  }

  @Test(arguments: [
    "", "x", "aa 10.0.0.1:7000@17000 myself,master - 0 0 x connected 0-5", "aa b master - 0 0 1 connected",
  ])
  func noState(_ text: String) { #expect(ClusterNodeState(text, slot: Self.slot) == nil) }

  private func node(_ host: RedisReply, _ port: Int64, _ more: RedisReply...) -> RedisReply {
    .array([host, .integer(port), .string(Array("id".utf8))] + more)
  }
  private func text(_ text: String) -> RedisReply { .string(Array(text.utf8)) }
  private func nodes(_ first: Int64, _ last: Int64, _ nodes: RedisReply...) -> RedisReply {
    .array([.integer(first), .integer(last)] + nodes)
  }

  @Test func nodesOfTheSlotComeFirst() throws {
    let number = Int64(Self.slot.number)
    let reply = RedisReply.array([
      nodes(0, number - 1, node(text("10.0.0.9"), 1)),
      nodes(number, 16383, node(text("cache.example"), 2), node(text("10.0.0.8"), 3)),
    ])
    let found = try #require(ClusterNodes(reply, slot: Self.slot, askedAt: Self.asked))
    #expect(found.owner == .tcp(host: "cache.example", port: 2))
    #expect(
      found.all == [
        .tcp(host: "cache.example", port: 2), .tcp(host: "10.0.0.8", port: 3), .tcp(host: "10.0.0.9", port: 1),
      ])
    let none = try #require(
      ClusterNodes(.array([nodes(0, 1, node(text("a"), 1))]), slot: Self.slot, askedAt: Self.asked))
    #expect(none.owner == nil && none.all.count == 1)
  }

  /// A node whose host is not told is where the one that was asked is.
  @Test func aHostThatIsNotTold() throws {
    func owner(_ node: RedisReply, _ asked: RedisEndpoint = Self.asked) -> RedisEndpoint? {
      ClusterNodes(.array([nodes(0, 16383, node)]), slot: Self.slot, askedAt: asked)?.owner
    }
    for host in [RedisReply.null, text(""), text("?")] {
      #expect(owner(node(host, 5)) == .tcp(host: "10.0.0.1", port: 5))
      #expect(owner(node(host, 5), .unix(path: "/s")) == nil)
      let names = RedisReply.array([text("ip"), text("10.0.0.7")])
      #expect(owner(node(host, 5, names)) == .tcp(host: "10.0.0.7", port: 5))
    }
    for bad in [
      node(text("a b"), 5), node(text("a"), 0), node(text("a"), 65536), node(text("a\n"), 5), .null, .array([]),
    ] {
      #expect(owner(bad) == nil)
    }
  }

  @Test func noNodes() {
    for reply in [RedisReply.null, .integer(1), .array([.integer(1)]), .array([.array([.integer(0)])])] {
      #expect(ClusterNodes(reply, slot: Self.slot, askedAt: Self.asked) == nil)
    }
  }

  /// However many nodes an answer names, few are remembered.
  @Test func manyNodes() throws {
    let many = RedisReply.array((1...1000).map { nodes(0, 0, node(text("h\($0)"), 1)) })
    #expect(try #require(ClusterNodes(many, slot: Self.slot, askedAt: Self.asked)).all.count == 64)
  }

  /// The node that has just answered is asked last the next time, unless it has the slot.
  @Test func homeRemembersNodes() throws {
    let home = ClusterHome(RedisKeys(prefix: "{beat}:tasks:"))
    #expect(home.fit == nil && home.places(named: [Self.asked]) == [Self.asked])
    let (owner, third) = (RedisEndpoint.tcp(host: "b", port: 2), RedisEndpoint.tcp(host: "c", port: 3))
    let reply = RedisReply.array([
      nodes(0, 16383, node(text("b"), 2)), nodes(0, 0, node(text("10.0.0.1"), 7000)), nodes(0, 0, node(text("c"), 3)),
    ])
    let view = ClusterView(
      node: try #require(nodeState("myself,master", "1")),
      nodes: try #require(ClusterNodes(reply, slot: Self.slot, askedAt: Self.asked)))
    home.learned(view, from: Self.asked)
    #expect(home.fit != nil && home.nodes == [owner, third, Self.asked])
    let named = RedisEndpoint.tcp(host: "config.example", port: 6379)
    #expect(home.places(named: [named, owner]) == [owner, third, Self.asked, named])
  }

  /// The text has the user's own prefix with the tag.
  @Test(arguments: [
    ("tasks:meta:", "'{tasks:meta}:'"), ("shop", "'{shop}:'"), (":", "'{beat}:'"), ("a{}b:", "'{ab}:'"),
  ])
  func saysWhatToWrite(_ prefix: String, _ tagged: String) {
    let text = ClusterFit.spread(RedisKeys(prefix: prefix))
    #expect(text.contains("--key-prefix \(tagged)"), "\(text)")
  }
}
