extension RedisConnection {
  /// Logs in, chooses the database and names the connection, in one round trip: AUTH, SELECT, CLIENT SETNAME, as far
  /// as `url` asks for them.
  ///
  /// `then` runs once, with nil when the connection is ready for use. After a refusal the connection closes itself,
  /// and `onClose` gets the same error.
  public func handshake(_ url: RedisURL, clientName: String?, then completion: @escaping (RedisConnectionError?) -> Void)
  {
    var steps: [(command: RedisCommand, judge: (RedisServerError) -> RedisConnectionError?)] = []
    let endpoint = endpoint
    if url.username != nil || url.password != nil {
      var auth = RedisCommand("AUTH")
      if let username = url.username { auth.append(username) }
      auth.append(url.password ?? "")
      steps.append((auth, { .authentication(endpoint, $0) }))
    }
    if url.database != 0 {
      steps.append((RedisCommand("SELECT", url.database), { .refused(endpoint, "database \(url.database)", $0) }))
    }
    // The last step only asks whether the server lets us in and is ready: proxies and strict ACLs refuse
    // the command itself, and that harms nobody.
    let greeting = clientName.map { RedisCommand("CLIENT", "SETNAME", $0) } ?? RedisCommand("PING")
    steps.append(
      (greeting, { ["NOAUTH", "LOADING"].contains($0.code) ? .refused(endpoint, "the connection", $0) : nil }))

    var refusal: RedisConnectionError?
    for (index, step) in steps.enumerated() {
      let isLast = index == steps.count - 1
      send(step.command) { [self] reply in
        // The first refusal counts: after a failed login everything else fails as well.
        if refusal == nil, let error = reply?.error { refusal = step.judge(error) }
        guard isLast else { return }
        if reply == nil { return completion(closeError ?? .closedLocally(endpoint)) }
        if let refusal { end(refusal) }
        completion(refusal)
      }
    }
  }
}
