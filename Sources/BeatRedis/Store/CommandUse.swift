import BeatCore

/// One Redis command in one place: who needs it there, on which keys, and what is missing without it. `CommandUse.all`
/// is the one list of all commands that the daemon, the tools and the scripts use: the daemon's rehearsal, `doctor` and
/// the documented ACLs are made from it, and tests compare it with the scripts and with what is sent.
package struct CommandUse: Hashable, Sendable {
  /// Which server, and in which set-up.
  package enum Place: Hashable, Sendable {
    /// The store's server.
    case store
    /// The server of the workers' queues: the broker's, which may be the store's.
    case queues
    /// The store's server, where the broker is another one.
    case outbox
    /// The broker's server, where it is another one than the store's.
    case relay
    /// The sentinels, where a URL names them.
    case sentinel
  }

  package enum Client: Hashable, Sendable {
    case daemon
    /// `beat-watch list`, `set`, `doctor` and the other commands of a shell.
    case tools
  }

  /// A kind of key that a command is used on.
  package enum Key: Hashable, Sendable {
    case document, watermark, lease, epoch, incarnation, heartbeat, receipts, history, manual, answer, daemons, outbox
    case queue, bindings, delivered
    /// RedBeat's, which an import reads.
    case redbeat
  }

  /// In capitals, a subcommand behind a space: `CLIENT SETNAME`.
  package let name: String
  package let place: Place
  package let client: Client
  package let keys: [Key]
  /// What follows the key, to ask whether it is allowed.
  package let arguments: [String]
  /// It changes something.
  package let writes: Bool
  /// It is sent as it is, and not only called by scripts.
  package let isSent: Bool
  /// The scripts that call it, without `.lua`.
  package let scripts: [String]
  /// What is missing without it; empty: for the daemon, without it nothing fires.
  package let losses: [String]

  package var isRequired: Bool { losses.isEmpty }

  /// Nothing fires without it, and no script of a fire calls it: once all is loaded, neither a fire nor its rehearsal
  /// shows that it is missing.
  var isForConnections: Bool { isRequired && (scripts.isEmpty || ["SELECT", "SCAN"].contains(name)) }

  /// What a daemon does without that has loaded everything.
  var lossesWhileConnected: [String] {
    guard isForConnections else { return losses }
    return name == "SCAN" ? ["audits", "its next connection"] : ["its next connection"]
  }

  /// It is for hearing of edits, and used as a session begins.
  package var isOfChangeDetection: Bool {
    ["PSUBSCRIBE", "SUBSCRIBE", "CLIENT ID", "CLIENT TRACKING", "CONFIG GET", "CONFIG SET"].contains(name)
  }

  /// It is for the connection itself, which there would not be, or which knows already what it tells.
  package var isOfConnecting: Bool { ["SELECT", "CLIENT SETNAME", "INFO"].contains(name) }

  /// What allows it, as `ACL SETUSER` takes it: `+hmget`, `+client|setname`.
  package var grant: String { "+" + name.lowercased().replacing(" ", with: "|") }

  /// The words of the command on a key, or of one that takes none.
  package func words(on key: [UInt8]?) -> [[UInt8]] {
    name.split(separator: " ").map { Array($0.utf8) } + (key.map { [$0] } ?? []) + arguments.map { Array($0.utf8) }
  }
}

extension RedisKeys {
  /// A key of the kind, of nobody where there are several. `queue` is the queue's name, `kombu` the workers' names of
  /// keys.
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
    case .manual: manual
    case .answer: answer(to: "probe-rights")
    case .daemons: daemons
    case .outbox: outbox
    case .queue: kombu.list(of: Array(queue.utf8), priority: 0)
    case .bindings: kombu.bindings(of: queue)
    case .delivered: RedisKeys.delivered("probe-rights")
    case .redbeat: Array("redbeat::schedule".utf8)
    }
  }
}

extension CommandUse {
  /// The uses of a client at these places.
  package static func all(of client: Client, at places: Place...) -> [CommandUse] {
    all.filter { $0.client == client && places.contains($0.place) }
  }

  /// What allows all that a client does at these places, each once, in alphabetical order.
  package static func grants(of client: Client, at places: Place...) -> [String] {
    Set(all.filter { $0.client == client && places.contains($0.place) }.map(\.grant)).sorted()
  }
}
