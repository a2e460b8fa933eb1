import BeatCore

/// Switches keyspace notifications on, as far as they are off and we may.
final class NotificationSwitch {
  /// What has come of it; edits may be heard in any case.
  struct Outcome {
    /// The setting before, and as it was set; nil: it was not changed.
    var change: (was: String, value: String)?
    /// CONFIG is not allowed, so that nothing but a try can tell whether events come.
    var refusal: RedisServerError?
    /// The setting, where it lacks something and cannot be changed.
    var incomplete: String?
  }

  private let connection: RedisConnection
  private let keys: RedisKeys
  private let completion: (Outcome) -> Void
  private var outcome = Outcome()
  /// The word of the store's contents, as the session found it.
  private var incarnation: String?

  private init(_ connection: RedisConnection, _ keys: RedisKeys, then completion: @escaping (Outcome) -> Void) {
    self.connection = connection
    self.keys = keys
    self.completion = completion
  }

  /// - Parameter completion: called once; not if the connection dies.
  static func turnOn(
    by connection: RedisConnection, keys: RedisKeys, then completion: @escaping (Outcome) -> Void
  ) {
    NotificationSwitch(connection, keys, then: completion).look()
  }

  private func look() {
    connection.send(RedisCommand("GET", keys.incarnation)) { [self] in incarnation = $0?.text }
    connection.send(RedisCommand("CONFIG", "GET", "notify-keyspace-events")) { [self] reply in
      guard let reply else { return }
      outcome.refusal = reply.error
      guard let value = reply.pairs?.first?.1.text else { return completion(outcome) }
      let setting = NotificationSetting(value)
      if setting.missing.isEmpty { completion(outcome) } else { set(setting.candidates[...], was: value) }
    }
  }

  private func set(_ candidates: ArraySlice<String>, was: String) {
    guard let value = candidates.first else {
      outcome.incomplete = was
      return completion(outcome)
    }
    connection.send(RedisCommand("CONFIG", "SET", "notify-keyspace-events", value)) { [self] reply in
      guard let reply else { return }
      outcome.refusal = reply.error
      guard reply.error == nil else { return set(candidates.dropFirst(), was: was) }
      outcome.change = (was, value)
      completion(outcome)
    }
    // In the same write: should the connection die before the answer, the next one would find nothing to switch on.
    tellOthers()
  }

  /// Daemons that stayed connected have missed what happened while notifications were off, perhaps for less than a
  /// heartbeat. Another word for the store's contents makes them load it again; their identity stays, for a store that
  /// forgot what was fired is another matter.
  private func tellOthers() {
    let random = String(UInt64.random(in: .min ... .max), radix: 16)
    let renewed = StoreIncarnation.renewed(incarnation, random: random)
    connection.send(RedisCommand("SET", keys.incarnation, renewed)) { _ in }
  }
}
