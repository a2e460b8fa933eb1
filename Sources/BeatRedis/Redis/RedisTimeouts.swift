import BeatCore

/// How long a server may take, in microseconds.
package struct RedisTimeouts: Sendable, Hashable {
  /// The time until the connection is established, name lookup and TLS included, for all addresses together.
  package var connect: Int64
  /// The time for the next reply, or at least for another part of it, while one is owed.
  package var reply: Int64
  /// The time for the next reply to be complete, while parts of it keep coming.
  package var whole = Int64(Limit.replyTime.most) * 1_000_000

  /// The defaults are 2 s and 5 s, and `Limit.replyTime`.
  package init(connect: Int64 = 2_000_000, reply: Int64 = 5_000_000) {
    self.connect = connect
    self.reply = reply
  }
}
