import BeatCore

/// How long a server may take, in microseconds.
package struct RedisTimeouts: Sendable, Hashable {
  /// For the connection to stand, name lookup and TLS included, all addresses together.
  package var connect: Int64
  /// For the next reply while at least one is owed, and for something of it to come.
  package var reply: Int64
  /// For the next reply to come to its end, while something of it keeps coming.
  package var whole = Int64(Limit.replyTime.most) * 1_000_000

  /// The defaults are 2 s and 5 s, and `Limit.replyTime`.
  package init(connect: Int64 = 2_000_000, reply: Int64 = 5_000_000) {
    self.connect = connect
    self.reply = reply
  }
}
