/// One keyspace notification: a command has touched a key. The event's name does not matter, since it differs between
/// servers, versions and roles. (Redis: keyspace notifications; channel `__keyspace@<db>__:<key>`, payload = event)
package struct KeyspaceNotification: Hashable, Sendable {
  package let key: [UInt8]

  /// Reads a channel; nil if it is no keyspace channel of `database`, or if its key has more than `longest` bytes.
  package init?(channel: Span<UInt8>, database: Int, longest: Int = .max) {
    self.init(channel: channel, behind: Self.channelPrefix(database: database), longest: longest)
  }

  /// Reads a channel with a prefix that is made once, and not for each notification.
  ///
  /// - Parameter prefix: `channelPrefix` of the database.
  package init?(channel: Span<UInt8>, behind prefix: [UInt8], longest: Int = .max) {
    guard channel.count >= prefix.count, channel.count - prefix.count <= longest else { return nil }
    for index in prefix.indices where channel[index] != prefix[index] { return nil }
    var key: [UInt8] = []
    key.reserveCapacity(channel.count - prefix.count)
    for index in prefix.count..<channel.count { key.append(channel[index]) }
    self.key = key
  }

  /// The channel of one key's notifications.
  package static func channel(of key: [UInt8], database: Int) -> [UInt8] { channelPrefix(database: database) + key }

  /// The prefix of a database's channels.
  package static func channelPrefix(database: Int) -> [UInt8] { Array("__keyspace@\(database)__:".utf8) }
}
