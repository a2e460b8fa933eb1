/// What the daemons tell of themselves.
package protocol DaemonRegistry: AnyObject {
  func write(_ record: DaemonRecord, then: @escaping Completion<Void>)

  /// Takes our own out.
  func remove()

  /// Takes out those of daemons that died without a word.
  func sweep()

  /// The other daemons' records, at most a thousand. Those of daemons that have died may be among them.
  func others(then: @escaping Completion<[(instance: String, record: DaemonRecord)]>)

  /// Whether a daemon's heartbeat is there.
  func isAlive(_ instance: String, then: @escaping Completion<Bool>)
}
