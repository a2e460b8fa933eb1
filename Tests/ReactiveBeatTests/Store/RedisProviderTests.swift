import Testing

@testable import BeatRedis

@Suite struct RedisProviderTests {
  @Test(arguments: [
    ("master.shop.x1y2z3.euc1.cache.amazonaws.com", RedisProvider.elastiCache),
    ("SHOP.x1y2z3.0001.use1.cache.amazonaws.com.", .elastiCache),
    ("shop.x1y2z3.cnn1.cache.amazonaws.com.cn", .elastiCache),
    ("clustercfg.shop.x1y2z3.memorydb.eu-central-1.amazonaws.com", .memoryDB),
    ("shop.redis.cache.windows.net", .azureCache), ("shop.redis.cache.chinacloudapi.cn", .azureCache),
    ("shop.westeurope.redis.azure.net", .azureManaged),
    ("shop.westeurope.redisenterprise.cache.azure.net", .azureManaged),
    ("eu1-shop-30001.upstash.io", .upstash), ("redis-10000.c1.eu-central-1-1.ec2.redns.redis-cloud.com", .redisCloud),
    ("redis-10000.c1.eu-central-1-1.ec2.cloud.redislabs.com", .redisCloud), ("shop-team.a.aivencloud.com", .aiven),
  ])
  func isKnownByItsHost(_ host: String, _ provider: RedisProvider) {
    #expect(RedisProvider(host: host) == provider)
    #expect(provider.notifications("KA").hasPrefix("at \(provider.name): "))
  }

  @Test(arguments: [
    "localhost", "10.0.0.3", "amazonaws.com", "upstash.io.example.org", "cache.amazonaws.com.example.org",
    "notupstash.io",
    "s3.amazonaws.com", "redis.cache.example.net", "",
  ])
  func isNotGuessed(_ host: String) { #expect(RedisProvider(host: host) == nil) }

  /// The advice is the provider's alone where it is known, and names where each keeps the setting where it is not.
  @Test func advice() throws {
    let known = NotificationSetting.advice(for: try RedisURL("rediss://:hunter2@shop.x.euc1.cache.amazonaws.com/1"))
    #expect(known.contains("parameter group") && !known.contains("Memorystore") && !known.contains("hunter2"))
    let unknown = NotificationSetting.advice(for: try RedisURL("redis://10.0.0.3/1"))
    for word in ["redis.conf", "parameter group", "gcloud redis instances update", "Azure", "heroku"] {
      #expect(unknown.contains(word), "\(unknown)")
    }
    let sentinels = NotificationSetting.advice(for: try RedisURL("sentinel://s.upstash.io/1?master_name=m"))
    #expect(sentinels == unknown)
  }
}
