import BeatCore

/// The heartbeat with the lease, in one script.
extension StoreScripts {
  private static let heartbeatScript = LuaScript(embedded: PackageResources.heartbeat_lua)
  private static let releaseScript = LuaScript(embedded: PackageResources.release_lua)

  /// Sends a heartbeat. The completion gets neither a reply nor an error if the connection has died.
  package func beat(
    _ request: HeartbeatRequest, instance: String, incarnation: String,
    then completion: @escaping (HeartbeatReply?, RedisServerError?) -> Void
  ) {
    // The name for the store's contents includes the sequence: after a flush this daemon names them again, and must
    // notice that the name has changed.
    let arguments = [
      "\(request.sequence)", "\(HeartbeatRequest.lifetime / 1000)", "\(incarnation).\(request.sequence)", instance,
      "\((request.leaseTTL ?? 0) / 1000)", request.claim.rawValue, request.isOffering ? "1" : "0",
    ]
    Self.heartbeatScript.evaluate(
      on: connection, keys: keys.ofHeartbeat(instance), arguments: arguments.map { Array($0.utf8) }
    ) { [keys, connection] reply in
      guard let parts = reply?.array, parts.count == 8, let damages = parts[7].pairs else {
        connection.endMisfit(reply, of: "a heartbeat")
        return completion(nil, reply?.error)
      }
      let text = parts.map { $0.text ?? "" }
      completion(
        HeartbeatReply(
          sequence: request.sequence, previousSequence: Int64(text[0]), incarnation: text[1],
          lease: Self.lease(text[2], of: instance, remaining: parts[3].integer, isOffered: parts[6].integer == 1),
          serverTime: UnixTime(told: text[4], text[5]), clockDifference: 0,
          damaged: Self.damages(damages, keys, keys.ofHeartbeat(instance))), nil)
    }
  }

  private static func damages(
    _ pairs: [(RedisReply, RedisReply)], _ names: RedisKeys, _ keys: [[UInt8]]
  ) -> [HeartbeatReply.Damage] {
    pairs.compactMap { place, found in
      guard let place = place.integer.map({ Int(clamping: $0) &- 1 }), keys.indices.contains(place) else { return nil }
      let key = keys[place]
      return HeartbeatReply.Damage(place: key, found: found.bytes ?? [], remedy: remedy(key, names))
    }
  }

  private static func remedy(_ key: [UInt8], _ keys: RedisKeys) -> String {
    switch key {
    case keys.lease:
      "a daemon takes its place at once if it cannot be a lease, and else when it has run out, as it may be a newer "
        + "version's; if none runs, delete it"
    case keys.epoch: "the time takes its place, where it is a string, and counts where it is not"
    case keys.incarnation: "only its beginning counts, and a store that was exchanged may be noticed late; delete it"
    default: "the daemon goes on without it; delete it"
    }
  }

  private static func lease(
    _ token: String, of instance: String, remaining: Int64?, isOffered: Bool
  ) -> HeartbeatReply.Lease {
    if token.isEmpty { return .free }
    if token.hasPrefix(instance + ":") { return .held(token: token) }
    return .other(token: token, remaining: (remaining ?? 0) &* 1000, isOffered: isOffered)
  }

  /// Gives the lease back, so that the next daemon need not wait until it expires.
  func release(_ instance: String, then completion: @escaping (RedisReply?) -> Void) {
    Self.releaseScript.evaluate(
      on: connection, keys: [keys.lease], arguments: [Array(instance.utf8)], then: completion)
  }
}

extension UnixTime {
  /// Reads the answer to TIME; nil: it is not a time between 1970 and 9999.
  init?(told seconds: String?, _ microseconds: String?) {
    guard let seconds = seconds.flatMap({ Int64($0) }), let microseconds = microseconds.flatMap({ Int64($0) }),
      (0..<253_402_300_800).contains(seconds), (0..<1_000_000).contains(microseconds)
    else { return nil }
    self = UnixTime(seconds: seconds).advanced(by: microseconds)
  }
}
