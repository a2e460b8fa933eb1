import Glibc

/// The programs of RabbitMQ and of Erlang: this system's, or those of the root that `scripts/test --rabbitmq` names, which
/// has other releases of both. They run as any user, without systemd, several at once.
enum RabbitProgram {
  /// The root's folder, in which /tmp is this system's; nil: this system's programs run.
  static let root = getenv("REACTIVEBEAT_TEST_RABBITMQ").map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }

  /// What a server is asked to be.
  struct Setting: Sendable {
    /// PEM files: it also listens for TLS. A client whose certificate this authority has signed may log in by EXTERNAL, as
    /// the user whom its CN names. Other clients need none.
    var tls: (authority: String, certificate: String, key: String)?
    /// Further lines of rabbitmq.conf.
    var lines: [String] = []
  }

  /// The places of one server: its folder, and its ports on 127.0.0.1.
  struct Place: Sendable {
    let folder: String
    let port: UInt16
    let tlsPort: UInt16
    /// The ports of Erlang: of the server's node, and of epmd, which tells the node's.
    let (nodePort, epmdPort): (UInt16, UInt16)

    init(folder: String) throws {
      let ports = try freePorts(4)
      self.folder = folder
      (port, tlsPort, nodePort, epmdPort) = (ports[0], ports[1], ports[2], ports[3])
    }
  }

  static let node = "rabbit@localhost"

  /// RabbitMQ would start an epmd of its own, which outlives it. It finds this one, which ends with the test.
  static func epmd(_ place: Place) -> [String] {
    command(["epmd", "-port", "\(place.epmdPort)", "-address", "127.0.0.1"], place)
  }

  /// The server. /usr/sbin has a script of this name that changes its user; this is what that one calls.
  static func server(_ place: Place) throws -> [String] {
    let program = "/usr/lib/rabbitmq/bin/rabbitmq-server"
    guard access((root ?? "") + program, X_OK) == 0 else {
      throw Failure("there is no \(root ?? "")\(program)" + (root == nil ? ": run scripts/setup --test" : ""), 0)
    }
    return command([program], place)
  }

  /// Evaluates what it reads, an expression of Erlang, in the server. It takes some 20 ms, where rabbitmqctl, which starts
  /// an Erlang of its own, takes a second.
  static func evaluation(_ place: Place, cookie: String) -> [String] {
    command(["erl_call", "-sname", node, "-c", cookie, "-e"], place)
  }

  /// Writes the server's configuration. Only the server's user can read the cookie, by which Erlang's nodes know each other.
  static func configure(_ place: Place, _ setting: Setting, cookie: String) throws {
    var lines = [
      "loopback_users = none", "vm_memory_high_watermark.absolute = 1GB", "disk_free_limit.absolute = 50MB",
      "log.console = false",
    ]
    var plugins: [String] = []
    if let tls = setting.tls {
      plugins.append("rabbitmq_auth_mechanism_ssl")
      lines += [
        "listeners.ssl.default = 127.0.0.1:\(place.tlsPort)", "ssl_options.cacertfile = \(tls.authority)",
        "ssl_options.certfile = \(tls.certificate)", "ssl_options.keyfile = \(tls.key)",
        "ssl_options.verify = verify_peer", "ssl_options.fail_if_no_peer_cert = false", "auth_mechanisms.1 = PLAIN",
        "auth_mechanisms.2 = EXTERNAL", "ssl_cert_login_from = common_name",
      ]
    }
    lines += setting.lines
    try write(lines.map { $0 + "\n" }.joined(), to: "rabbitmq.conf", place)
    try write("[\(plugins.joined(separator: ","))].\n", to: "plugins", place)
    try write(cookie, to: ".erlang.cookie", place)
  }

  private static func write(_ text: String, to name: String, _ place: Place) throws {
    try ServerFile.write(Array(text.utf8), to: place.folder + "/" + name)
  }

  private static func command(_ words: [String], _ place: Place) -> [String] {
    // Erlang writes what is left of a crash into its current folder.
    (root.map { ["chroot", $0] } ?? []) + ["env", "-i", "-C", place.folder] + environment(place) + words
  }

  private static func environment(_ place: Place) -> [String] {
    let folder = place.folder
    return [
      "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8", "HOME=\(folder)", "ERL_EPMD_PORT=\(place.epmdPort)",
      "ERL_EPMD_ADDRESS=127.0.0.1", "RABBITMQ_NODENAME=\(node)", "RABBITMQ_NODE_IP_ADDRESS=127.0.0.1",
      "RABBITMQ_NODE_PORT=\(place.port)", "RABBITMQ_DIST_PORT=\(place.nodePort)", "RABBITMQ_CONF_ENV_FILE=/dev/null",
      "RABBITMQ_CONFIG_FILE=\(folder)/rabbitmq.conf", "RABBITMQ_ADVANCED_CONFIG_FILE=\(folder)/none",
      "RABBITMQ_GENERATED_CONFIG_DIR=\(folder)/generated", "RABBITMQ_ENABLED_PLUGINS_FILE=\(folder)/plugins",
      "RABBITMQ_MNESIA_BASE=\(folder)/data", "RABBITMQ_LOG_BASE=\(folder)/log", "RABBITMQ_PID_FILE=\(folder)/pid",
      // Without this the script stays, as the parent of the server, and its process id would be the one that is known.
      "RABBITMQ_ALLOW_INPUT=1",
      // Idle threads of Erlang do not wait busily.
      "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS=+S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none -noinput"
        + " -kernel inet_dist_use_interface {127,0,0,1}",
    ]
  }
}
