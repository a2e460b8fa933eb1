import Testing

@testable import BeatRedis
@testable import ReactiveBeat

@Suite struct ServerInfoTests {
  @Test func fields() {
    let info = ServerInfo(
      "# Server\r\nredis_version:7.0.15\r\nrun_id:abc\r\n\r\n# Replication\r\nrole:slave\r\nloading:1\r\nexecutable:/a:b\r\n"
    )
    #expect(info.runID == "abc")
    #expect(info.version == "7.0.15")
    #expect(info.isReplica)
    #expect(info.isLoading)
    #expect(!info.isTooOld)
  }

  /// An empty field counts as missing. Two servers with an empty run_id need not be one server.
  @Test func emptyFields() {
    let info = ServerInfo("run_id:\r\nredis_version:\r\nmaster_host:\r\nmaster_port:6379\r\nmaxmemory:\r\n")
    #expect(info.runID == nil && info.version == nil && info.primary == nil && info["maxmemory"] == nil)
    #expect(info.product == "Redis" && info.isKnown && !ServerInfo("").isKnown)
  }

  /// Forks say which Redis they agree with, in the field of its version, and name the mode in one of their own.
  @Test(arguments: [
    ("redis_version:8.0.2\nredis_mode:cluster", "Redis 8.0.2"),
    ("redis_version:7.2.4\nserver_name:valkey\nvalkey_version:9.1.2\nserver_mode:cluster", "Valkey 9.1.2"),
    ("redict_version:7.3.6\nredict_mode:cluster\nredis_version:7.2.4", "Redict 7.3.6"),
  ])
  func forks(_ text: String, _ product: String) {
    let info = ServerInfo(text)
    #expect(info.product == product && info.isCluster && !info.isTooOld)
    #expect(info.invalidationChannel == (product.hasPrefix("Redict") ? "__redict__:invalidat" : "__redis__:invalidate"))
    #expect(!ServerInfo(text.replacing("cluster", with: "standalone")).isCluster)
  }

  @Test(arguments: [
    ("role:slave", "replica"), ("maxmemory:10\nused_memory:10\nmaxmemory_policy:noeviction", "memory is full"),
    ("rdb_last_bgsave_status:err", "disk"), ("aof_last_write_status:err", "disk"),
    ("maxmemory:10\nused_memory:9\nmaxmemory_policy:noeviction", nil), ("maxmemory:0\nused_memory:9", nil), ("", nil),
  ])
  func writeObstacle(_ text: String, _ word: String?) {
    let obstacle = ServerInfo(text).writeObstacle
    #expect(obstacle == nil ? word == nil : word.map { obstacle?.contains($0) == true } == true)
  }

  /// A missing field raises no objection to the server.
  @Test func nothing() {
    let info = ServerInfo("")
    #expect(info.runID == nil)
    #expect(!info.isReplica && !info.isLoading && !info.isTooOld)
  }

  @Test(arguments: [
    ("0", "allkeys-lru", nil), ("1000", "allkeys-lru", "allkeys-lru"), ("1000", "allkeys-random", "allkeys-random"),
    ("1000", "volatile-ttl", nil), ("1000", "noeviction", nil),
  ])
  func eviction(_ memory: String, _ policy: String, _ dangerous: String?) {
    #expect(ServerInfo("maxmemory:\(memory)\r\nmaxmemory_policy:\(policy)\r\n").evictionPolicy == dangerous)
  }

  @Test(arguments: [
    ("5.0.14", true), ("2.8", true), ("6.0.0", false), ("7", false), ("10.1.0", false), ("unstable", false),
  ])
  func age(_ version: String, _ isTooOld: Bool) {
    #expect(ServerInfo("redis_version:\(version)\n").isTooOld == isTooOld)
  }

  @Test func realServer() throws {
    let server = try RedisServer()
    let client = try server.client()
    let info = ServerInfo(try #require(client("INFO")?.text))
    #expect(info.runID?.count == 40)
    #expect(!info.isReplica && !info.isLoading && !info.isTooOld)
    #expect(info.evictionPolicy == nil)
    client("CONFIG", "SET", "maxmemory", "1gb")
    client("CONFIG", "SET", "maxmemory-policy", "allkeys-lfu")
    #expect(ServerInfo(try #require(client("INFO")?.text)).evictionPolicy == "allkeys-lfu")
    server.kill()
    try server.start()
    let again = ServerInfo(try #require(try server.client()("INFO")?.text))
    #expect(again.runID != info.runID)
  }
}
