import BeatCore

/// The names that no queue, exchange or routing key may have. A message sent to one would be stored in a key with
/// another use, and would break workers, results, daemons or schedules.
///
/// The daemon refuses such a name whether or not the key exists. A message would create a missing key as a list, and
/// the key's owner would fail later.
package struct ReservedKeys: Hashable, Sendable {
  /// The owner of a key.
  private enum Owner: Hashable, Sendable {
    /// The key of a transport option, or kombu's prefix.
    case kombu(String)
    case fanout, remoteControl, events, results, ours
    case schedules(EntryName)
  }

  private struct Reserved: Hashable, Sendable {
    let bytes: [UInt8]
    let owner: Owner
  }

  private let kombu: KombuKeys
  /// Whole keys in the broker's database.
  private let keys: [Reserved]
  /// Prefixes of keys in the broker's database.
  private let beginnings: [Reserved]
  /// The prefix of channels; the global prefix of keys does not apply to them.
  private let channels: [UInt8]

  /// kombu's own names, which transport options can replace.
  /// (Source: kombu/transport/redis.py `unacked_key`, `unacked_index_key`, `unacked_mutex_key`, `keyprefix_queue`,
  /// `keyprefix_binding_permanent`, `keyprefix_binding_deadlines`.)
  private static let kombuKeys = [
    ("unacked_key", "unacked"), ("unacked_index_key", "unacked_index"), ("unacked_mutex_key", "unacked_mutex"),
  ]
  private static let kombuBeginning = Array("_kombu.".utf8)
  /// (Source: kombu/pidbox.py `exchange_fmt`, `reply_exchange_fmt`.)
  private static let remoteControl = Array(".pidbox".utf8)
  /// (Source: celery/events/event.py `EVENT_EXCHANGE_NAME`, celery `event_queue_prefix`.)
  private static let events = Array("celeryev".utf8)
  /// The beginnings of keys with results. A result backend's own `global_keyprefix`, which is not known here, may
  /// precede them.
  /// (Source: celery/backends/base.py `task_keyprefix`, `group_keyprefix`, `chord_keyprefix`.)
  private static let results = ["celery-task-meta-", "celery-taskset-meta-", "chord-unlock-"].map { Array($0.utf8) }

  /// - Parameter documents: the prefix of the schedules' keys, if they are in the broker's database; else nil.
  package init(_ transport: TransportOptions, documents: [UInt8]? = nil) {
    kombu = transport.keys
    let prefix = transport.keys.globalPrefix
    keys = Self.kombuKeys.map { option, standard in
      Reserved(bytes: prefix + Array((transport.keyNames[option] ?? standard).utf8), owner: .kombu(option))
    }
    var beginnings = [
      Reserved(bytes: RedisKeys.namespace, owner: .ours),
      Reserved(bytes: prefix + Self.kombuBeginning, owner: .kombu("_kombu.")),
    ]
    if let documents, !documents.isEmpty {
      beginnings.append(Reserved(bytes: documents, owner: .schedules(EntryName(documents))))
    }
    self.beginnings = beginnings
    channels = Array((transport.fanoutPrefix ?? "").utf8)
  }

  /// Why no message may be sent to a queue or an exchange of this name, or with this routing key; nil: it may.
  package func problem(_ name: String) -> String? { problem(Array(name.utf8)) }

  /// Why no message may be sent to a queue that is bound to an exchange; nil: it may.
  @Sendable package func problem(_ name: [UInt8]) -> String? { owner(of: name).map(words) }

  private func owner(of name: [UInt8]) -> Owner? {
    let list = kombu.globalPrefix.isEmpty ? name : kombu.globalPrefix + name
    for key in keys where key.bytes.starts(with: list) && isListed(name, key.bytes) { return key.owner }
    for beginning in beginnings {
      if list.starts(with: beginning.bytes) { return beginning.owner }
      // The name begins like this only together with the suffix of a priority.
      if beginning.bytes.starts(with: list),
        kombu.lists(of: name).contains(where: { $0.starts(with: beginning.bytes) })
      {
        return beginning.owner
      }
    }
    if name.starts(with: Self.events), name.count == Self.events.count || name[Self.events.count] == UInt8(ascii: ".") {
      return .events
    }
    if name.count >= Self.remoteControl.count, name.suffix(Self.remoteControl.count).elementsEqual(Self.remoteControl) {
      return .remoteControl
    }
    if isChannel(name) { return .fanout }
    return isResult(name) ? .results : nil
  }

  /// Whether `key` is the queue's own list, or one of the lists of its priorities.
  private func isListed(_ name: [UInt8], _ key: [UInt8]) -> Bool {
    key.count == kombu.globalPrefix.count + name.count || kombu.lists(of: name).contains(key)
  }

  /// Whether the name is one of kombu's fanout channels: `/<database>.<exchange>`, or one that begins as
  /// `fanout_prefix` says.
  private func isChannel(_ name: [UInt8]) -> Bool {
    if !channels.isEmpty, name.starts(with: channels) { return true }
    guard name.first == UInt8(ascii: "/") else { return false }
    let digits = name.dropFirst().prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    return !digits.isEmpty && name.dropFirst(1 + digits.count).first == UInt8(ascii: ".")
  }

  private func isResult(_ name: [UInt8]) -> Bool {
    // A shorter name cannot contain one of the beginnings.
    guard name.count >= 13 else { return false }
    let first = UInt8(ascii: "c")
    for start in name.indices where name[start] == first {
      if Self.results.contains(where: { name[start...].starts(with: $0) }) { return true }
    }
    return false
  }

  private func words(_ owner: Owner) -> String {
    let reason =
      switch owner {
      case .kombu("_kombu."): #"what begins with "_kombu." is kombu's own, and holds bindings"#
      case .kombu(let option): "it is the workers' own key (\(option)), and a worker ends where a list stands there"
      case .fanout: "it is a channel of the workers' broadcasts"
      case .remoteControl: #"what ends in ".pidbox" carries commands to workers and their answers"#
      case .events: #""celeryev" carries the workers' events"#
      case .results: "it is a key of results, which a task's result is stored in"
      case .ours: #"what begins with "reactivebeat:" is beat-watch's own"#
      case .schedules(let prefix): "it begins with the schedules' key prefix \(prefix), in the same database"
      }
    return "is not a queue: \(reason); name another one"
  }
}
