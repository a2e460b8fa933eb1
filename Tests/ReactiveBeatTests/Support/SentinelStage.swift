import Glibc

@testable import ReactiveBeat

/// A primary, its replica and three sentinels that know them as `mymaster`.
final class SentinelStage {
  let primary: RedisServer
  let replica: RedisServer
  let ports: [UInt16]
  private let folder: String
  private var processes: [ChildProcess] = []

  /// - Parameter password: the sentinels' password; nil: none.
  init(password: String? = nil) throws {
    primary = try RedisServer(["--repl-diskless-sync-delay", "0"], tcp: true)
    replica = try RedisServer(
      ["--replicaof", "127.0.0.1", "\(primary.port)", "--repl-diskless-sync-delay", "0"], tcp: true)
    var template = Array("/tmp/reactivebeat-test-sentinel-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw Failure("mkdtemp", errno) }
    folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    ports = try (0..<3).map { _ in try RedisServer.freePort() }
    for (index, port) in ports.enumerated() {
      let login = password.map { "requirepass \($0)\nsentinel sentinel-pass \($0)\n" } ?? ""
      let text = """
        port \(port)
        bind 127.0.0.1
        unixsocket \(socket(index))
        logfile \(folder)/\(index).log
        dir \(folder)
        sentinel monitor mymaster 127.0.0.1 \(primary.port) 2
        sentinel down-after-milliseconds mymaster 1000
        sentinel failover-timeout mymaster 5000
        \(login)
        """
      let file = "\(folder)/\(index).conf"
      guard let stream = fopen(file, "we") else { throw Failure(file, errno) }
      fputs(text, stream)
      fclose(stream)
      processes.append(
        try ChildProcess([commandPath(RedisServer.program), file, "--sentinel"], environment: [:], output: -1))
    }
    for index in ports.indices {
      let knows = eventually(within: 30) {
        guard let client = try? BlockingClient(socket(index)) else { return false }
        if let password { client("AUTH", password) }
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
  func url(_ database: Int, _ options: String = "?master_name=mymaster") -> String {
    ports.map { "sentinel://127.0.0.1:\($0)" }.joined(separator: ";") + "/\(database)\(options)"
  }

  /// Kills a sentinel.
  func killSentinel(_ index: Int) {
    processes[index].send(SIGKILL)
    _ = processes[index].wait()
  }

  /// Makes the replica the primary, and waits until it is.
  func failOver() throws {
    let client = try BlockingClient(socket(0))
    guard eventually(within: 20, { client("SENTINEL", "failover", "mymaster")?.isOK == true }) else {
      throw Failure("the sentinel does not fail over", 0)
    }
    // Each attempt uses a new client, since the sentinels cut all connections at a failover.
    guard eventually(within: 20, { (try? replica.client())?("ROLE")?.array?.first?.text == "master" }) else {
      throw Failure("the replica has not become the primary", 0)
    }
  }
}
