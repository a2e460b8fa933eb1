/// The heartbeat and the lease.
package protocol LeaseStore: AnyObject {
  /// Sends one heartbeat. In one step, the store writes this daemon's sequence number and returns the one before it;
  /// takes, renews or offers the lease as the request asks; and returns its time and the random name of its contents
  /// (`HeartbeatReply.incarnation`). The store takes the lease only after everything that may be refused. A request
  /// without a lease (`leaseTTL` is nil) gets no lease in its reply.
  ///
  /// A token belongs to one holding of the lease. Whenever a daemon takes the lease again, even the same one, the token
  /// is a new one.
  func beat(_ request: HeartbeatRequest, then: @escaping Completion<HeartbeatReply>)

  /// Gives the lease back if this daemon holds it, so that the next daemon need not wait until it runs out.
  func release(then: @escaping Completion<Void>)
}
