import BeatLoop

/// Asks sentinels which server is the primary now: one after the other, in the order of the URL, until one knows it.
///
/// Their reply can be out of date for a moment during a failover. The user of the result must check that the server is
/// a primary, and ask again if it is not.
final class SentinelLookup {
  enum Outcome: Sendable {
    case found(RedisEndpoint)
    /// No sentinel named the primary. The text holds the answer of each.
    case failed(String)
  }

  /// The microseconds that a sentinel may take to be reached, and again to reply. A healthy one takes a millisecond.
  static let patience: Int64 = 500_000

  private let group: SentinelGroup
  private let loop: EventLoop
  private var completion: ((Outcome) -> Void)?
  private var dial: RedisDial?
  private var reasons: [String] = []

  /// Starts a lookup. `completion` runs once on the loop, unless `cancel()` comes first; the lookup lives until then.
  init(of group: SentinelGroup, on loop: EventLoop, completion: @escaping (Outcome) -> Void) {
    self.group = group
    self.loop = loop
    self.completion = completion
    loop.soon { [self] in ask(group.sentinels[...]) }
  }

  /// Ends the lookup without calling its completion.
  func cancel() {
    completion = nil
    dial?.cancel()
    dial = nil
  }

  private func ask(_ sentinels: ArraySlice<RedisEndpoint>) {
    guard completion != nil else { return }
    guard let sentinel = sentinels.first else { return finish(.failed(failure)) }
    let url = RedisURL(
      location: .server(sentinel), username: group.username, password: group.password, database: 0,
      security: group.security, ignoredOptions: [])
    let dial = RedisDial(
      url, as: "beat-watch", on: loop, timeouts: RedisTimeouts(connect: Self.patience, reply: Self.patience))
    self.dial = dial
    dial.open { [self] connection in
      connection.send(RedisCommand("SENTINEL", "get-master-addr-by-name", group.masterName)) { reply in
        if let reply { self.answered(reply, by: sentinel) }
        connection.close()
      }
    } closed: { [self] error in
      guard completion != nil else { return }
      // A connection that was closed locally has answered: `answered` has recorded why its reply was of no use.
      if error.kind != .closedLocally { reasons.append(error.message) }
      ask(sentinels.dropFirst())
    }
  }

  private func answered(_ reply: RedisReply, by sentinel: RedisEndpoint) {
    if let error = reply.error {
      reasons.append("\(sentinel) answers: \(error.message)")
    } else if let words = reply.array, words.count == 2, let host = words[0].text, RedisEndpoint.isHost(host),
      let port = words[1].text.flatMap({ UInt16($0) }), port > 0
    {
      finish(.found(.tcp(host: host, port: port)))
    } else {
      reasons.append("\(sentinel) knows no primary of this name")
    }
  }

  private func finish(_ outcome: Outcome) {
    let completion = completion
    self.completion = nil
    completion?(outcome)
  }

  private var failure: String {
    "no sentinel names the primary \"\(group.masterName)\" (\(reasons.joined(separator: "; "))): are the sentinels "
      + "reachable, and is the name right (SENTINEL MASTERS)?"
  }
}

/// Belongs to its loop's thread.
@available(*, unavailable)
extension SentinelLookup: Sendable {}
