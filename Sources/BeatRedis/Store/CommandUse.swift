import BeatCore

/// One Redis command in one place: which client needs it there, on which keys, and what fails without it.
/// `CommandUse.all` is the one list of all commands that the daemon, the tools and the scripts use. The daemon's
/// rehearsal, `doctor` and the documented ACLs are made from it, and tests compare it with the scripts and with the
/// commands that are sent.
package struct CommandUse: Hashable, Sendable {
  /// The server, and the set-up in which the command is needed there.
  package enum Place: Hashable, Sendable {
    /// The store's server.
    case store
    /// The server of the workers' queues: the broker's, which may be the store's.
    case queues
    /// The store's server, only if the broker is another one.
    case outbox
    /// The broker's server, only if the store is another one.
    case relay
    /// The sentinels, where a URL names them.
    case sentinel
    /// The nodes of a cluster, where the store is one.
    case cluster
  }

  package enum Client: Hashable, Sendable {
    case daemon
    /// `beat-watch list`, `set`, `doctor` and the other commands of a shell.
    case tools
  }

  /// A kind of key that a command is used on.
  package enum Key: Hashable, Sendable {
    case document, watermark, lease, epoch, incarnation, heartbeat, receipts, history, edits, manual, answer, daemons,
      outbox, setAside
    case queue, bindings, delivered
    /// RedBeat's keys, which an import reads.
    case redbeat
  }

  /// In capitals, with a subcommand after a space: `CLIENT SETNAME`.
  package let name: String
  package let place: Place
  package let client: Client
  package let keys: [Key]
  /// Arguments after the key with which the command can be tried.
  package let arguments: [String]
  /// Whether the command changes a key or a setting.
  package let writes: Bool
  /// Whether a client sends the command itself; else only scripts call it.
  package let isSent: Bool
  /// The names of the scripts that call it, without `.lua`.
  package let scripts: [String]
  /// What its user loses without it; empty: without it the daemon cannot fire.
  package let losses: [String]

  package var isRequired: Bool { losses.isEmpty }

  /// Whether nothing fires without it though no script of a fire calls it. Once all schedules are loaded, neither a
  /// fire nor its rehearsal shows that it is missing.
  var isForConnections: Bool { isRequired && (scripts.isEmpty || ["SELECT", "SCAN"].contains(name)) }

  /// What a daemon loses without it that has loaded all schedules.
  var lossesWhileConnected: [String] {
    guard isForConnections else { return losses }
    return name == "SCAN" ? ["audits", "its next connection"] : ["its next connection"]
  }

  /// Whether it is for change detection, used when a session begins.
  package var isOfChangeDetection: Bool {
    ["PSUBSCRIBE", "SUBSCRIBE", "CLIENT ID", "CLIENT TRACKING", "CONFIG GET", "CONFIG SET"].contains(name)
  }

  /// Whether it is for connecting: an open connection shows that it is allowed, or no longer needs it.
  package var isOfConnecting: Bool { ["SELECT", "CLIENT SETNAME", "INFO"].contains(name) }

  /// The rule of `ACL SETUSER` that allows it: `+hmget`, `+client|setname`.
  package var grant: String { "+" + name.lowercased().replacing(" ", with: "|") }

  /// The words of the command with its arguments; `key` is nil for a command without one.
  package func words(on key: [UInt8]?) -> [[UInt8]] {
    name.split(separator: " ").map { Array($0.utf8) } + (key.map { [$0] } ?? []) + arguments.map { Array($0.utf8) }
  }
}

extension RedisKeys {
  /// An example of a kind of key, which no client uses if there are many of the kind.
  ///
  /// - Parameters:
  ///   - queue: the queue's name.
  ///   - kombu: the workers' names of keys.
  package func example(of key: CommandUse.Key, queue: String, kombu: KombuKeys) -> [UInt8] {
    switch key {
    case .document: document(EntryName("a"))
    case .watermark: watermark
    case .lease: lease
    case .epoch: epoch
    case .incarnation: incarnation
    case .heartbeat: heartbeat("probe-rights")
    case .receipts: receipts
    case .history: history
    case .edits: edits
    case .manual: manual
    case .answer: answer(to: "probe-rights")
    case .daemons: daemons
    case .outbox: outbox
    case .setAside: setAside
    case .queue: kombu.list(of: Array(queue.utf8), priority: 0)
    case .bindings: kombu.bindings(of: queue)
    case .delivered: RedisKeys.delivered("probe-rights")
    case .redbeat: Array("redbeat::schedule".utf8)
    }
  }
}

extension CommandUse {
  /// All commands that a client uses at these places.
  package static func all(of client: Client, at places: Place...) -> [CommandUse] {
    all.filter { $0.client == client && places.contains($0.place) }
  }

  /// The ACL rules that allow all commands of a client at these places, each once, in alphabetical order.
  package static func grants(of client: Client, at places: Place...) -> [String] {
    Set(all.filter { $0.client == client && places.contains($0.place) }.map(\.grant)).sorted()
  }
}
