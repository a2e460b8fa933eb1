import Testing

@testable import BeatCore
@testable import BeatRedis

@Suite("KeyspaceNotification: the key that a channel names")
struct KeyspaceNotificationTests {
  private func key(_ channel: [UInt8], database: Int = 1) -> [UInt8]? {
    KeyspaceNotification(channel: channel.span, database: database)?.key
  }

  @Test func isWhatFollowsTheChannelsPrefix() {
    #expect(key(Array("__keyspace@1__:tasks:meta:a".utf8)) == Array("tasks:meta:a".utf8))
    #expect(key(Array("__keyspace@1__:".utf8)) == [])
    #expect(key(Array("__keyspace@1__:__keyspace@1__:a".utf8)) == Array("__keyspace@1__:a".utf8))
    let bytes: [UInt8] = [0x00, 0xFF, 0x0A]
    #expect(key(Array("__keyspace@1__:".utf8) + bytes) == bytes)
  }

  @Test(arguments: [
    "", "__keyspace@1_", "__keyspace@0__:a", "__keyspace@11__:a", "__keyevent@1__:set", "keyspace@1__:a", "a",
  ])
  func otherChannelsAreNone(_ channel: String) { #expect(key(Array(channel.utf8)) == nil) }

  @Test func aChannelNamesItsKey() {
    for database in [0, 1, 15, 1_000] {
      let bytes: [UInt8] = [0x61, 0x2A, 0xFF]
      #expect(key(KeyspaceNotification.channel(of: bytes, database: database), database: database) == bytes)
    }
  }
}
