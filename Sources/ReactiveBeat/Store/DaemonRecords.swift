import BeatCore

/// The daemons' records on the store.
extension DaemonRecord {
  /// - Parameter refused: called if the server does not take it.
  func write(to scripts: StoreScripts, as instance: String, refused: @escaping () -> Void) {
    scripts.connection.send(RedisCommand("HSET", scripts.keys.daemons, instance, bytes)) { reply in
      if reply?.error != nil { refused() }
    }
  }

  static func remove(_ instance: String, from scripts: StoreScripts) {
    scripts.connection.send(RedisCommand("HDEL", scripts.keys.daemons, instance)) { _ in }
  }

  /// Takes out those of daemons that died without a word: they have no heartbeat any more.
  static func sweep(_ scripts: StoreScripts) {
    // Each start of a daemon leaves one at most; what one step of HSCAN does not tell, the next start will.
    scripts.connection.send(RedisCommand("HSCAN", scripts.keys.daemons, "0", "COUNT", 1000)) { reply in
      let fields = reply?.array?.last?.array ?? []
      for instance in stride(from: 0, to: fields.count, by: 2).compactMap({ fields[$0].text }) {
        scripts.connection.send(RedisCommand("EXISTS", scripts.keys.heartbeat(instance))) { reply in
          if reply?.integer == 0 { remove(instance, from: scripts) }
        }
      }
    }
  }
}
