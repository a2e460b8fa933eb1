extension RedisConnection {
  /// Logs in, chooses the database and names the connection, in one round trip. It sends AUTH, SELECT and CLIENT
  /// SETNAME, each only if `url` or `clientName` asks for it.
  ///
  /// `then` runs once, with nil when the connection is ready for use. After a refusal the connection closes itself,
  /// and `onClose` gets the same error.
  package func handshake(
    _ url: RedisURL, clientName: String?, then completion: @escaping (RedisConnectionError?) -> Void
  ) {
    var steps: [(command: RedisCommand, judge: (RedisServerError) -> RedisConnectionError?)] = []
    let endpoint = endpoint
    user = url.username
    if url.username != nil || url.password != nil {
      var auth = RedisCommand("AUTH")
      if let username = url.username { auth.append(username) }
      auth.append(url.password ?? "")
      steps.append((auth, { .turnedAway(endpoint, $0) ?? .authentication(endpoint, $0) }))
    }
    if url.database != 0 {
      steps.append(
        (
          RedisCommand("SELECT", url.database),
          { .turnedAway(endpoint, $0) ?? .noDatabase(endpoint, url.database, $0) }
        ))
    }
    // The last step asks whether the server accepts this client and is ready. Proxies and strict ACLs refuse the
    // command itself; that is no reason to end the connection.
    let greeting = clientName.map { RedisCommand("CLIENT", "SETNAME", $0) } ?? RedisCommand("PING")
    steps.append((greeting, { .turnedAway(endpoint, $0) }))

    for (index, step) in steps.enumerated() {
      let isLast = index == steps.count - 1
      send(step.command) { [self] reply in
        // The first refusal ends the connection: after a failed login every other step fails as well.
        if let error = reply?.error, let refusal = step.judge(error) { end(refusal) }
        if isLast { completion(closeError) }
      }
    }
  }
}
