/// What the daemons tell of themselves.
package protocol DaemonRegistry: AnyObject {
  /// Writes our own record in the place of the one before.
  func write(_ record: DaemonRecord, then: @escaping Completion<Void>)

  /// Takes our own out.
  func remove()

  /// Takes out those of daemons that died without a word: they have no heartbeat any more.
  func sweep()

  /// All daemons' records, our own among them, at most a thousand. Those of daemons that have died may be there still.
  func others(then: @escaping Completion<[(instance: String, record: DaemonRecord)]>)

  /// Whether a daemon's heartbeat is there.
  func isAlive(_ instance: String, then: @escaping Completion<Bool>)
}
