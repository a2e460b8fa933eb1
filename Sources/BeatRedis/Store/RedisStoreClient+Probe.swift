import BeatCore
import BeatLoop

/// Finds out whether the events of edits arrive, by a write, as the daemon does.
extension RedisStoreClient {
  package enum EventProbe: Hashable, Sendable {
    /// All events of a write arrived; `after`: microseconds from the start of the probe.
    case heard(after: Int64)
    /// Only these events arrived, or none.
    case silent(heard: [String])
    /// The subscription was refused, or its connection was lost; with the reason.
    case refused(String)
    /// The write was refused; with its command and the reason.
    case unwritten(String, String)
  }

  /// Whether the server answers SELECT and stays in database 0, as some providers' proxies do: what is written in this
  /// URL's database is then found there.
  package func ignoresSelect() -> Bool {
    guard url.database != 0 else { return false }
    let key = keys.heartbeat("probe-" + String(UInt64.random(in: .min ... .max), radix: 16))
    guard (try? command(RedisCommand("SET", key, "0", "PX", 10_000))) != nil else { return false }
    defer { _ = try? command(RedisCommand("DEL", key)) }
    let first = RedisURL(
      location: url.location, username: url.username, password: url.password, database: 0, security: url.security,
      ignoredOptions: [])
    guard let other = try? RedisStoreClient(first, keys: keys, on: loop) else { return false }
    defer { other.close() }
    return (try? other.command(RedisCommand("GET", key)))?.text == "0"
  }

  /// Writes a heartbeat that belongs to no daemon, and waits for its events on a connection of its own.
  package func probeEvents(within patience: Int64 = 2_000_000) -> EventProbe {
    let key = keys.heartbeat("probe-" + String(UInt64.random(in: .min ... .max), radix: 16))
    let expected: Set = ["set", "expire", "del"]
    // The same pattern as the daemon's, since an ACL must hold it literally.
    let pattern = keys.events(of: keys.heartbeat(""), database: url.database) + [UInt8(ascii: "*")]
    var heard: Set<String> = []
    var outcome: EventProbe?
    let start = BootClock.now()
    var stream: NotificationStream?
    var timer: LoopTimer?
    loop.wait { done in
      func finish(_ end: EventProbe) {
        guard outcome == nil else { return }
        outcome = end
        done()
      }
      timer = LoopTimer(on: loop) { finish(.silent(heard: heard.sorted())) }
      timer?.schedule(after: patience)
      stream = NotificationStream(to: connection.endpoint, security: url.security, on: loop) { [url] channel, event in
        guard KeyspaceNotification(channel: channel, database: url.database)?.key == key else { return }
        heard.insert(String(decoding: [UInt8](copying: event), as: UTF8.self))
        if heard.isSuperset(of: expected) { finish(.heard(after: BootClock.now().microseconds(since: start))) }
      } onClose: { error in
        finish(.refused(error.message))
      }
      stream?.handshake(url, clientName: "beat-watch-command-events") { [self] error in
        guard error == nil else { return }
        stream?.psubscribe([pattern]) { [self] in
          connection.send(RedisCommand("SET", key, "0", "PX", 10_000)) { reply in
            if let error = reply?.error { finish(.unwritten("SET", error.message)) }
          }
          connection.send(RedisCommand("DEL", key)) { reply in
            if let error = reply?.error { finish(.unwritten("DEL", error.message)) }
          }
        }
      }
    }
    timer?.cancel()
    stream?.close()
    loop.serveReady()
    return outcome ?? .silent(heard: [])
  }
}
