import Glibc

@testable import ReactiveBeat

/// A primary, its replica and three sentinels that know them as `mymaster`.
final class SentinelStage {
  let primary: RedisServer
  let replica: RedisServer
  /// Those of the primary and its replica, as the sentinels name them.
  let serverPorts: [UInt16]
  /// Those of the sentinels.
  let ports: [UInt16]
  private let folder: String
  private let host: String
  private let security: TLSSentinels?
  private let password: String?
  private var processes: [ChildProcess] = []

  /// - Parameters:
  ///   - password: the sentinels' password; nil: none. With `security` the sentinels have its users.
  ///   - host: how the sentinels name the servers: their address, or `localhost`.
  init(password: String? = nil, security: TLSSentinels? = nil, host: String = "127.0.0.1") throws {
    self.password = password
    self.security = security
    self.host = host
    var template = Array("/tmp/reactivebeat-test-sentinel-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw Failure("mkdtemp", errno) }
    folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let common = ["--repl-diskless-sync-delay", "0", "--replica-announce-ip", host]
    if let security {
      serverPorts = try [RedisServer.freePort(), RedisServer.freePort()]
      let password = security.serverPassword
      primary = try RedisServer(common + security.server(serverPorts[0]), password: password)
      replica = try RedisServer(
        common + security.server(serverPorts[1]) + ["--replicaof", host, "\(serverPorts[0])"], password: password)
    } else {
      primary = try RedisServer(common, tcp: true)
      replica = try RedisServer(common + ["--replicaof", host, "\(primary.port)"], tcp: true)
      serverPorts = [primary.port, replica.port]
    }
    ports = try (0..<3).map { _ in try RedisServer.freePort() }
    for index in ports.indices { try startSentinel(index) }
    try awaitSentinels()
  }

  /// Starts a sentinel, or starts it again after `killSentinel`, with the file in which it keeps what it knows.
  func startSentinel(_ index: Int) throws {
    let file = "\(folder)/\(index).conf"
    if access(file, F_OK) != 0 {
      // Redis 6.0 has no `sentinel-pass`: a sentinel's own password is the one for the others. Channel rights came with it.
      let pass = RedisServer.hasChannelRights ? "sentinel sentinel-pass" : ""
      let login = password.map { "requirepass \($0)\n" + (pass.isEmpty ? "" : "\(pass) \($0)\n") } ?? ""
      let text = """
        \(security?.sentinel(ports[index]) ?? "port \(ports[index])\n\(login)")
        bind 127.0.0.1
        unixsocket \(socket(index))
        logfile \(folder)/\(index).log
        dir \(folder)
        sentinel resolve-hostnames yes
        sentinel announce-hostnames \(host == "127.0.0.1" ? "no" : "yes")
        sentinel monitor mymaster \(host) \(serverPorts[0]) 2
        sentinel down-after-milliseconds mymaster 1000
        sentinel failover-timeout mymaster 5000
        \(security?.sentinelLogins ?? "")
        """
      guard let stream = fopen(file, "we") else { throw Failure(file, errno) }
      fputs(text, stream)
      fclose(stream)
    }
    unlink(socket(index))
    let process = try ChildProcess(
      [commandPath(RedisServer.program), file, "--sentinel"], environment: [:], output: -1)
    if index < processes.count { processes[index] = process } else { processes.append(process) }
  }

  /// A client of a sentinel.
  private func client(_ index: Int) throws -> BlockingClient {
    let client = try BlockingClient(socket(index))
    if let security {
      client("AUTH", TLSSentinels.user, security.sentinelPassword)
    } else if let password {
      client("AUTH", password)
    }
    return client
  }

  /// Waits until each sentinel knows the replica and the other sentinels.
  func awaitSentinels() throws {
    for index in ports.indices {
      let knows = eventually(within: 30) {
        guard let client = try? client(index) else { return false }
        let words = client("SENTINEL", "master", "mymaster")?.array?.compactMap(\.text) ?? []
        func field(_ name: String) -> String? {
          words.firstIndex(of: name).flatMap { $0 + 1 < words.count ? words[$0 + 1] : nil }
        }
        return field("num-slaves") == "1" && field("num-other-sentinels") == "2"
      }
      guard knows else {
        let end = processes[index].wait(within: 0).map { "\($0)" } ?? "it runs"
        throw Failure("sentinel \(index) has not found the others (\(end))", 0)
      }
    }
  }

  deinit {
    processes.removeAll()
    removeFolder(folder)
  }

  private func socket(_ index: Int) -> String { "\(folder)/\(index).sock" }

  /// The URL as kombu writes it, with the database at its end.
  func url(_ database: Int, _ options: String = "?master_name=mymaster", user: String = "") -> String {
    let scheme = security == nil ? "sentinel" : "rediss+sentinel"
    return ports.map { "\(scheme)://\(user)127.0.0.1:\($0)" }.joined(separator: ";") + "/\(database)\(options)"
  }

  /// Kills a sentinel.
  func killSentinel(_ index: Int) {
    processes[index].send(SIGKILL)
    _ = processes[index].wait()
  }

  /// Makes the replica the primary, and waits until it is.
  func failOver() throws {
    let client = try client(0)
    guard eventually(within: 20, { client("SENTINEL", "failover", "mymaster")?.isOK == true }) else {
      throw Failure("the sentinel does not fail over", 0)
    }
    // Each attempt uses a new client, since the sentinels cut all connections at a failover.
    guard eventually(within: 20, { (try? replica.client())?("ROLE")?.array?.first?.text == "master" }) else {
      throw Failure("the replica has not become the primary", 0)
    }
  }
}
