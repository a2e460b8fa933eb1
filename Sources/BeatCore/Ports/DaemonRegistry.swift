/// The daemons' records: what each daemon reports about itself.
package protocol DaemonRegistry: AnyObject {
  /// Writes this daemon's record, in the place of the one before.
  func write(_ record: DaemonRecord, then: @escaping Completion<Void>)

  /// Removes this daemon's record.
  func remove()

  /// Removes the records of daemons that have no heartbeat any more: they died before they could remove them.
  func sweep()

  /// All daemons' records, at most a thousand, this daemon's among them. Some may belong to daemons that have died.
  func others(then: @escaping Completion<[(instance: String, record: DaemonRecord)]>)

  /// Whether a daemon has a heartbeat in the store.
  func isAlive(_ instance: String, then: @escaping Completion<Bool>)
}
