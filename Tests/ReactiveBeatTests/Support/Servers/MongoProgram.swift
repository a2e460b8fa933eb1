import Glibc

/// The program that speaks MongoDB's protocol: SecantusDB, or the mongod that `scripts/test --mongod` names.
enum MongoProgram {
  /// SecantusDB has no other name for its replica set.
  static let replicaSet = "secantus"

  /// The mongod's path; nil: SecantusDB runs.
  static let mongod = getenv("REACTIVEBEAT_TEST_MONGOD").map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }

  /// What a server is asked to be.
  struct Setting: Sendable {
    var isStandalone = false
    /// PEM files.
    var certificate: (file: String, key: String)?
    /// Only users get in.
    var hasUsers = false
  }

  /// The command line of a server whose files are in a folder. Throws if there is no such program.
  static func command(port: UInt16, folder: String, _ setting: Setting) throws -> [String] {
    let program = mongod ?? tool("secantusd-py")
    guard access(program, X_OK) == 0 else {
      throw Failure("there is no \(program)" + (mongod == nil ? ": run scripts/setup --test" : ""), 0)
    }
    return try [program]
      + (mongod == nil ? secantus(port, folder, setting) : self.mongod(port, folder, setting))
  }

  private static func secantus(_ port: UInt16, _ folder: String, _ setting: Setting) -> [String] {
    let tls = setting.certificate.map { ["--tls-cert-file", $0.file, "--tls-key-file", $0.key] } ?? []
    return ["--host", "127.0.0.1", "--port", "\(port)", "--storage-path", folder + "/data"]
      + (setting.isStandalone ? ["--standalone"] : []) + tls + (setting.hasUsers ? ["--auth"] : [])
  }

  private static func mongod(_ port: UInt16, _ folder: String, _ setting: Setting) throws -> [String] {
    mkdir(folder + "/data", 0o700)
    var options = [
      "--bind_ip", "127.0.0.1", "--port", "\(port)", "--dbpath", folder + "/data", "--nounixsocket",
      "--wiredTigerCacheSizeGB", "0.25",
    ]
    if !setting.isStandalone { options += ["--replSet", replicaSet] }
    if setting.hasUsers {
      options.append("--auth")
      if !setting.isStandalone {
        // Members of a set know each other by it, also where there is one.
        try ServerFile.write(Array(String(repeating: "key", count: 32).utf8), to: folder + "/members.key")
        options += ["--keyFile", folder + "/members.key"]
      }
    }
    if let (file, key) = setting.certificate {
      try ServerFile.write(try ServerFile.read(file) + ServerFile.read(key), to: folder + "/server.pem")
      options += [
        "--tlsMode", "requireTLS", "--tlsCertificateKeyFile", folder + "/server.pem", "--tlsCAFile", file,
        "--tlsAllowConnectionsWithoutCertificates", "--tlsAllowInvalidCertificates", "--tlsAllowInvalidHostnames",
      ]
    }
    return options
  }

  /// Lines of Python that make a new mongod the one member of its replica set; `c` is a client of it.
  static func initiation(port: UInt16) -> String {
    """
    c.admin.command("replSetInitiate", {"_id": "\(replicaSet)", "members": [{"_id": 0, "host": "127.0.0.1:\(port)"}],
                                        "settings": {"electionTimeoutMillis": 1000}})
    """
  }

  /// Lines of Python that return when the server takes writes. A member of a set elects itself first.
  static let election = """
    import time
    end = time.monotonic() + 60
    while not c.admin.command("hello")["isWritablePrimary"]:
      assert time.monotonic() < end, c.admin.command("hello")
      time.sleep(0.02)
    """

  /// A program of the environment that `scripts/setup --test` has made.
  static func tool(_ name: String) -> String { ServerFile.tool(name, of: "secantus") }
}
