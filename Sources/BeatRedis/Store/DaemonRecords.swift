import BeatCore

/// The daemons' records on the store.
extension DaemonRecord {
  /// - Parameter refused: called if the server does not take it.
  package func write(to scripts: StoreScripts, as instance: String, refused: @escaping () -> Void) {
    scripts.connection.send(RedisCommand("HSET", scripts.keys.daemons, instance, bytes)) { reply in
      if reply?.error != nil { refused() }
    }
  }

  package static func remove(_ instance: String, from scripts: StoreScripts) {
    scripts.connection.send(RedisCommand("HDEL", scripts.keys.daemons, instance)) { _ in }
  }

  /// Takes out those of daemons that died without a word: they have no heartbeat any more.
  package static func sweep(_ scripts: StoreScripts) {
    // Each start of a daemon leaves one at most; others may have written there as well.
    func step(_ walk: ScanWalk) {
      OwnHash(key: scripts.keys.daemons).scan(scripts, from: walk.cursor, count: 100) { page, _ in
        var walk = walk
        guard let page, walk.advance(to: page.cursor ?? "0") else { return }
        for (instance, _) in page.fields {
          scripts.connection.send(RedisCommand("EXISTS", scripts.keys.heartbeat(instance))) { reply in
            if reply?.integer == 0 {
              scripts.connection.send(RedisCommand("HDEL", scripts.keys.daemons, instance)) { _ in }
            }
          }
        }
        if !walk.isAtEnd { step(walk) }
      }
    }
    step(ScanWalk())
  }
}
