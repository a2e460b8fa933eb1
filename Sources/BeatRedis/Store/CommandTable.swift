extension CommandUse {
  /// All commands that this project uses.
  package static let all: [CommandUse] = daemonOnStore + daemonOnQueues + daemonOnTwoServers + tools

  // MARK: the daemon

  private static let daemonOnStore: [CommandUse] = {
    let own = Rows(place: .store, client: .daemon)
    return [
      // Connecting.
      own.row("SELECT", [], ["0"], sent: true, in: "bindings declare fire manual tidy"),
      own.row("CLIENT SETNAME", [], ["beat-watch"], sent: true, without: "its name in CLIENT LIST"),
      own.row("INFO", [], [], sent: true, without: "it cannot tell a replica, nor store and broker as one server"),
      own.row("EVALSHA", [], [String(repeating: "0", count: 40), "0"], sent: true),
      own.row("EVAL", [], ["return 1", "0"], sent: true),
      // Change detection.
      own.row("CONFIG GET", [], ["notify-keyspace-events"], sent: true, without: "it cannot look at the notifications"),
      own.row(
        "CONFIG SET", [], ["notify-keyspace-events", "KA"], writes: true, sent: true,
        without: "it cannot switch notifications on"),
      own.row("PSUBSCRIBE", [], ["x"], sent: true),
      own.row("CLIENT ID", [], [], sent: true, without: "hearing by CLIENT TRACKING"),
      own.row("CLIENT TRACKING", [], ["off"], sent: true, without: "hearing by CLIENT TRACKING"),
      own.row("SUBSCRIBE", [], ["__redis__:invalidate"], sent: true, without: "hearing by CLIENT TRACKING"),
      // Reading documents and watermarks.
      own.row("SCAN", [], ["0"], sent: true, in: "names"),
      own.row("STRLEN", [.document], sent: true, in: "read"),
      own.row("MGET", [.document], in: "fire read"),
      own.row("HMGET", [.watermark], ["a"], in: "anchor fire read rebase"),
      own.row(
        "TYPE", [.document, .watermark, .lease, .epoch, .incarnation], sent: true, in: "fire read",
        without: "what it says of keys of another type"),
      // Heartbeat and lease.
      own.row(
        "GET", [.heartbeat, .incarnation, .lease, .document], sent: true, in: "fire manual heartbeat rebase release"),
      own.row(
        "SET", [.heartbeat, .incarnation, .lease, .document], ["x"], writes: true, sent: true,
        in: "fire heartbeat"),
      own.row("PTTL", [.lease], in: "heartbeat"),
      own.row("INCR", [.epoch], writes: true, in: "heartbeat"),
      own.row("TIME", [], in: "fire manual heartbeat"),
      own.row("DEL", [.heartbeat, .lease], writes: true, sent: true, in: "manual heartbeat release tidy"),
      // Firing.
      own.row("HSET", [.watermark], ["a", "b"], writes: true, in: "anchor fire rebase"),
      own.row(
        "SETRANGE", [.document], ["0", "x"], writes: true, in: "fire", without: "knowing its own writes by their events"
      ),
      own.row("XADD", [.history], ["*", "a", "b"], writes: true, in: "fire manual", without: "the history"),
      // Runs by hand, receipts and records.
      own.row(
        "HSET", [.receipts, .daemons], ["a", "b"], writes: true, sent: true, without: "receipts", "its record"),
      own.row(
        "HSCAN", [.manual, .receipts, .daemons, .watermark], ["0"], in: "scan sweep",
        without: "runs by hand", "old watermarks forgotten"
      ),
      own.row("HEXISTS", [.manual], ["a"], in: "manual", without: "runs by hand"),
      own.row(
        "HDEL", [.manual, .receipts, .daemons, .watermark], ["a"], writes: true, sent: true,
        in: "fire manual scan sweep",
        without: "runs by hand", "old watermarks forgotten", "old records forgotten"),
      own.row("LPUSH", [.answer], ["x"], writes: true, sent: true, in: "manual", without: "runs by hand"),
      own.row("EXPIRE", [.answer], ["60"], writes: true, sent: true, in: "manual", without: "runs by hand"),
      own.row(
        "EXISTS", [.document, .heartbeat], sent: true, in: "sweep", without: "old watermarks forgotten",
        "old records forgotten"),
    ]
  }()

  private static let daemonOnQueues: [CommandUse] = {
    let own = Rows(place: .queues, client: .daemon)
    return [
      own.row("LPUSH", [.queue], ["x"], writes: true, in: "fire manual relay"),
      own.row(
        "LPOP", [.queue], writes: true, in: "fire manual relay tidy",
        without: "taking a message back that went to some of its queues only"),
      own.row("TYPE", [.queue], in: "fire relay", without: "what it says of keys of another type"),
      own.row("LLEN", [.queue], in: "manual", without: "runs by hand"),
      own.row("SMEMBERS", [.bindings], in: "bindings", without: "the queues of named exchanges"),
      own.row("SADD", [.bindings], ["x"], writes: true, in: "declare", without: "queues known to `celery purge`"),
    ]
  }()

  private static let daemonOnTwoServers: [CommandUse] = {
    let store = Rows(place: .outbox, client: .daemon)
    let broker = Rows(place: .relay, client: .daemon)
    let sentinel = Rows(place: .sentinel, client: .daemon)
    let cluster = Rows(place: .cluster, client: .daemon)
    let setAside = "setting aside what the broker will never take"
    return [
      store.row("LPUSH", [.outbox], ["x"], writes: true, in: "fire manual"),
      store.row(
        "LPOP", [.outbox], writes: true, in: "fire manual tidy", without: "taking a message back that cannot be marked"),
      store.row("TYPE", [.outbox, .setAside], sent: true, in: "fire setaside"),
      store.row("LLEN", [.outbox], in: "fire manual outbox"),
      store.row("LINDEX", [.outbox], ["0"], in: "outbox"),
      store.row(
        "LREM", [.outbox], ["1", "never"], writes: true, sent: true, in: "setaside",
        without: "taking out what was delivered"),
      store.row("XLEN", [.setAside], in: "setaside", without: setAside),
      store.row("XADD", [.setAside], ["*", "a", "b"], writes: true, in: "setaside", without: setAside),
      store.row("XDEL", [.setAside], ["0-1"], writes: true, in: "setaside", without: setAside),
      broker.row("SELECT", [], ["0"], sent: true, in: "bindings declare tidy"),
      broker.row("CLIENT SETNAME", [], ["beat-watch"], sent: true, without: "its name in CLIENT LIST"),
      broker.row("INFO", [], [], sent: true, without: "it cannot tell store and broker as one server"),
      broker.row("EVALSHA", [], [String(repeating: "0", count: 40), "0"], sent: true),
      broker.row("EVAL", [], ["return 1", "0"], sent: true),
      broker.row("EXISTS", [.delivered], in: "relay"),
      broker.row("SET", [.delivered], ["x"], writes: true, in: "relay"),
      broker.row("TYPE", [.queue], in: "relay"),
      broker.row(
        "DEL", [.delivered], writes: true, in: "relay tidy", without: "forgetting a message that was taken back"),
      broker.row(
        "EXPIRE", [.delivered], ["60"], writes: true, sent: true, without: "forgetting soon what was delivered"),
      sentinel.row("SENTINEL", [], ["get-master-addr-by-name", "x"], sent: true),
      cluster.row("CLUSTER SLOTS", [], [], sent: true),
      cluster.row("CLUSTER NODES", [], [], sent: true),
    ]
  }()

  // MARK: the tools

  private static let tools: [CommandUse] = {
    let look = Rows(place: .store, client: .tools)
    let queues = Rows(place: .queues, client: .tools)
    let sentinel = Rows(place: .sentinel, client: .tools)
    let cluster = Rows(place: .cluster, client: .tools)
    return [
      look.row("SELECT", [], ["0"], sent: true, without: "all commands on a database other than 0"),
      look.row("CLIENT SETNAME", [], ["beat-watch"], sent: true, without: "their names in CLIENT LIST"),
      look.row("EVALSHA", [], [String(repeating: "0", count: 40), "0"], sent: true, without: "all commands"),
      look.row("EVAL", [], ["return 1", "0"], sent: true, without: "all commands"),
      look.row("SCAN", [], ["0"], sent: true, in: "names", without: "all commands but those on one schedule"),
      look.row("STRLEN", [.document], sent: true, in: "read", without: "all commands"),
      look.row("MGET", [.document], in: "read", without: "all commands"),
      look.row("HMGET", [.watermark], ["a"], sent: true, in: "read save", without: "all commands"),
      look.row("TYPE", [.document], sent: true, in: "read rename save", without: "the commands that write, and doctor"),
      look.row("TIME", [], sent: true, without: "all commands"),
      look.row("GET", [.document, .lease, .epoch], sent: true, in: "save", without: "all commands"),
      look.row("PTTL", [.lease, .heartbeat], sent: true, without: "status, list, explain, doctor, fire"),
      look.row("HSCAN", [.daemons, .receipts], ["0"], sent: true, without: "status, list, explain, doctor, fire"),
      look.row("HGET", [.receipts, .watermark], ["a"], sent: true, in: "rename", without: "explain, rename"),
      look.row(
        "XREVRANGE", [.history, .edits, .setAside], ["+", "-"], sent: true, in: "aside",
        without: "history, explain, watch"),
      look.row(
        "XADD", [.edits], ["*", "a", "b"], writes: true, sent: true, without: "the record of edits (history --edits)"),
      look.row("XLEN", [.setAside], in: "aside", without: "the messages that are set aside"),
      look.row("XRANGE", [.history], ["-", "+"], sent: true, without: "explain"),
      look.row("XREAD", [], ["COUNT", "1", "STREAMS", "x", "0"], sent: true, without: "watch, history --follow"),
      look.row("PSUBSCRIBE", [], ["x"], sent: true, without: "watch, doctor"),
      look.row("LLEN", [.outbox], sent: true, without: "status, explain, doctor"),
      look.row(
        "CLIENT LIST", [], [], sent: true, without: "the words about a daemon that is connected and says nothing"),
      look.row("INFO", [], [], sent: true, without: "doctor, and what cluster mode forbids"),
      look.row("CONFIG GET", [], ["notify-keyspace-events"], sent: true, without: "doctor"),
      look.row("ACL WHOAMI", [], [], sent: true, without: "doctor"),
      look.row("ACL DRYRUN", [], ["default", "PING"], sent: true, without: "doctor without writing"),
      look.row(
        "SET", [.document, .heartbeat], ["x"], writes: true, sent: true, in: "save",
        without: "set, edit, import, doctor"),
      look.row("DEL", [.document, .heartbeat], writes: true, sent: true, in: "save", without: "remove, doctor"),
      look.row("EXISTS", [.document], in: "rename", without: "rename"),
      look.row("RENAME", [.document], ["b"], writes: true, in: "rename", without: "rename"),
      look.row(
        "HSET", [.manual, .watermark], ["a", "b"], writes: true, sent: true, in: "rename save",
        without: "fire, rename, and the moments of edits"),
      look.row("HDEL", [.manual, .watermark], ["a"], writes: true, sent: true, in: "rename", without: "fire, rename"),
      look.row("BLPOP", [.answer], ["0.001"], writes: true, sent: true, without: "fire"),
      look.row("SMEMBERS", [.redbeat], sent: true, without: "import of RedBeat's schedules"),
      look.row("ZRANGE", [.redbeat], ["0", "-1"], sent: true, without: "import of RedBeat's schedules"),
      queues.row(
        "SMEMBERS", [.bindings], sent: true, without: "explain, fire --dry-run and doctor, of named exchanges"),
      queues.row("SCAN", [], ["0"], sent: true, without: "doctor, of the names that workers use"),
      queues.row(
        "SRANDMEMBER", [.bindings], ["1"], sent: true, without: "doctor, of the names that workers use"),
      queues.row("TYPE", [.queue], sent: true, without: "doctor"),
      queues.row("LLEN", [.queue], sent: true, without: "explain, doctor"),
      queues.row("LINDEX", [.queue], ["0"], sent: true, without: "doctor"),
      queues.row("CLIENT LIST", [], [], sent: true, without: "doctor"),
      sentinel.row("SENTINEL", [], ["get-master-addr-by-name", "x"], sent: true, without: "URLs of sentinels"),
      cluster.row("CLUSTER SLOTS", [], [], sent: true, without: "all commands on a cluster"),
      cluster.row("CLUSTER NODES", [], [], sent: true, without: "all commands on a cluster"),
    ]
  }()

  /// Makes the rows of one client in one place.
  private struct Rows {
    let place: Place
    let client: Client

    func row(
      _ name: String, _ keys: [Key], _ arguments: [String] = [], writes: Bool = false, sent: Bool = false,
      in scripts: String = "", without losses: String...
    ) -> CommandUse {
      CommandUse(
        name: name, place: place, client: client, keys: keys, arguments: arguments, writes: writes, isSent: sent,
        scripts: scripts.split(separator: " ").map(String.init), losses: losses)
    }
  }
}
