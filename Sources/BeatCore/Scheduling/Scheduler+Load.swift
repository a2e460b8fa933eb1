/// The full load, and the refresh: a read of all documents while the scheduler goes on firing.
extension Scheduler {
  mutating func beginLoad(whileWatching: Bool) {
    reads.loadBegins()
    guard load.begin(whileWatching: whileWatching) else { return }
    for name in entries.names { entries.handle(of: name).map { entries[$0]?.foundBy = 0 } }
    for name in Array(rejected.keys) { rejected[name]?.foundBy = 0 }
  }

  mutating func finishLoad() {
    guard load.isReading else { return }
    let number = load.number
    let gone =
      entries.names(where: { $0.foundBy != number }) + rejected.compactMap { $1.foundBy != number ? $0 : nil }
    // If a read is on its way, its answer decides, since it is newer than what the load has found.
    for name in gone where !reads.contains(name) { remove(name) }
    reads.loadFinished()
    guard load.finish() else { return }
    actions.append(.report(.ready(schedules: entries.count, rejected: rejected.count)))
  }

  mutating func disconnect() {
    load.disconnected()
    reads.disconnected()
  }
}
