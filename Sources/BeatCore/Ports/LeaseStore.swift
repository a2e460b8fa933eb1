/// The heartbeat and the lease.
package protocol LeaseStore: AnyObject {
  /// One heartbeat. In one moment it writes our sequence number and tells the one before it, takes, renews or offers the
  /// lease as the request has it, and tells the server's time and the word of the store's contents. What may be refused is
  /// done before the lease is taken. A request without a lease is told of none.
  ///
  /// A token is that of one holding: whoever takes the lease anew, the same daemon too, has another one.
  func beat(_ request: HeartbeatRequest, then: @escaping Completion<HeartbeatReply>)

  /// Gives the lease back, if it is ours, so that the next daemon need not wait for it to run out.
  func release(then: @escaping Completion<Void>)
}
