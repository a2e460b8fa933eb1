import BeatCore

/// How long a server may take, in microseconds.
public struct RedisTimeouts: Sendable, Hashable {
  /// For the connection to stand, name lookup and TLS included, all addresses together.
  public var connect: Int64
  /// For the next reply while at least one is owed, and for something of it to come.
  public var reply: Int64
  /// For the next reply to come to its end, while something of it keeps coming.
  public var whole = Int64(Limit.replyTime.most) * 1_000_000

  /// The defaults are 2 s and 5 s, and `Limit.replyTime`.
  public init(connect: Int64 = 2_000_000, reply: Int64 = 5_000_000) {
    self.connect = connect
    self.reply = reply
  }
}
