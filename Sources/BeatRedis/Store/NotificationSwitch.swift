import BeatCore

/// Switches keyspace notifications on if they are off and this user may change the setting.
final class NotificationSwitch {
  /// The result. Events may arrive whatever it is; only a probe tells.
  struct Outcome {
    /// The setting before and after; nil: it was not changed.
    var change: (was: String, value: String)?
    /// The refusal of CONFIG: only a probe can tell whether events arrive.
    var refusal: RedisServerError?
    /// The setting if it lacks something and cannot be changed.
    var incomplete: String?
  }

  private let connection: RedisConnection
  private let keys: RedisKeys
  private let completion: (Outcome) -> Void
  private var outcome = Outcome()
  /// The name of the store's contents (`StoreIncarnation`), as the session found it.
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
    // Sent in the same write: if the connection dies before the answer, the next session finds nothing to switch on and
    // would not tell the others.
    tellOthers()
  }

  /// Makes the other daemons load the store again by giving its contents a new name. They have missed every change
  /// while notifications were off, perhaps for less than a heartbeat. The contents keep their identity, since the store
  /// has not forgotten any run.
  private func tellOthers() {
    let random = String(UInt64.random(in: .min ... .max), radix: 16)
    let renewed = StoreIncarnation.renewed(incarnation, random: random)
    connection.send(RedisCommand("SET", keys.incarnation, renewed)) { _ in }
  }
}
