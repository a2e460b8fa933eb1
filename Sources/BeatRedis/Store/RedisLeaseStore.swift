import BeatCore

/// The heartbeat and the lease, in one call of a script.
final class RedisLeaseStore: LeaseStore {
  private let scripts: StoreScripts
  private let instance: String
  /// The name for the contents of a store that has none.
  private let incarnation: String

  init(_ scripts: StoreScripts, as instance: String, incarnation: String) {
    self.scripts = scripts
    self.instance = instance
    self.incarnation = incarnation
  }

  func beat(_ request: HeartbeatRequest, then completion: @escaping Completion<HeartbeatReply>) {
    scripts.beat(request, instance: instance, incarnation: incarnation) { reply, error in
      completion(reply.map { .success($0) } ?? .failure(Refusal(error)))
    }
  }

  func release(then completion: @escaping Completion<Void>) {
    // An error changes nothing: the lease expires by itself.
    scripts.release(instance) { completion($0.done) }
  }
}
