import BeatCore

/// The daemons' records, in a hash whose fields are the instances.
final class RedisDaemonRegistry: DaemonRegistry {
  private let scripts: StoreScripts
  private let instance: String
  private var key: [UInt8] { scripts.keys.daemons }

  init(_ scripts: StoreScripts, as instance: String) {
    self.scripts = scripts
    self.instance = instance
  }

  func write(_ record: DaemonRecord, then completion: @escaping Completion<Void>) {
    scripts.connection.send(RedisCommand("HSET", key, instance, record.bytes)) { completion($0.done) }
  }

  func remove() { scripts.connection.send(RedisCommand("HDEL", key, instance)) { _ in } }

  func others(then completion: @escaping Completion<[(instance: String, record: DaemonRecord)]>) {
    OwnHash(key: key).scan(scripts, count: 1000) { page, error in
      guard let page else { return completion(.failure(Refusal(error))) }
      completion(
        .success(
          page.fields.compactMap { name, value in
            guard let other = String(validating: name, as: UTF8.self), let record = DaemonRecord(value) else {
              return nil
            }
            return (other, record)
          }))
    }
  }

  func isAlive(_ instance: String, then completion: @escaping Completion<Bool>) {
    scripts.connection.send(RedisCommand("EXISTS", scripts.keys.heartbeat(instance))) { reply in
      completion(reply.done.map { _ in reply?.integer == 1 })
    }
  }

  /// Removes the records of daemons without a heartbeat.
  func sweep() {
    let scripts = scripts
    // Each start of a daemon leaves one record at most, but other clients may have written fields as well.
    func step(_ walk: ScanWalk) {
      OwnHash(key: scripts.keys.daemons).scan(scripts, from: walk.cursor, count: 100) { page, _ in
        var walk = walk
        guard let page, walk.advance(to: page.cursor) else { return }
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
