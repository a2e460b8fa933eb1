import Glibc
import Testing

@testable import ReactiveBeat

/// A real Celery worker of one version, which runs `EndToEnd/Apps/recorder.py` with a Redis server of its own.
///
/// It is started once for all tests that use its version, and ends with this process.
final class CeleryWorker: @unchecked Sendable {  // All constant after `init`; the process is only kept alive.
  enum Version: String, CaseIterable, CustomTestStringConvertible {
    case current = "5.7"
    case previous = "5.6"

    var testDescription: String { "Celery \(rawValue)" }
  }

  /// The server's databases: 0 broker, 1 store, 2 the worker's results, 3 what its tasks have recorded.
  let server: RedisServer
  private let process: ChildProcess

  private static let current = Result { try CeleryWorker(.current) }
  private static let previous = Result { try CeleryWorker(.previous) }

  /// The worker of this version, ready. Throws when it is not installed or does not start.
  static func shared(_ version: Version) throws -> CeleryWorker {
    switch version {
    case .current: try current.get()
    case .previous: try previous.get()
    }
  }

  /// - Parameter transport: the worker's `broker_transport_options` as JSON.
  init(_ version: Version, transport: String = "{}") throws {
    server = try RedisServer(tcp: true)
    let url = "redis://127.0.0.1:\(server.port)"
    let log = open(server.folder + "/worker.log", O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
    defer { close(log) }
    var ends: [Int32] = [-1, -1]
    // The worker ends with this stream, whose other end is open as long as this process lives.
    socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends)
    defer { close(ends[0]) }
    process = try ChildProcess(
      [
        ProjectFolder.python(celery: version.rawValue), "-m", "celery", "-A", "recorder", "worker", "--pool", "solo",
        "--concurrency", "1", "--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "info",
      ],
      environment: [
        "PATH": getenv("PATH").map { String(cString: $0) } ?? "/usr/bin:/bin", "LANG": "C.UTF-8",
        "PYTHONPATH": ProjectFolder.tests("EndToEnd/Apps"), "PYTHONDONTWRITEBYTECODE": "1", "BROKER": url + "/0",
        "RESULTS": url + "/2", "RECORDS": url + "/3", "TRANSPORT": transport,
      ],
      output: log, input: ends[0])
    let client = try server.client()
    client("SELECT", "3")
    let isReady = eventually(within: 60) { process.hasEnded() || client("LLEN", "ready")?.integer == 1 }
    guard isReady, process.exit == nil else {
      throw Failure("the Celery \(version.rawValue) worker did not start; its log:\n\(Self.end(of: server))", 0)
    }
  }

  /// What the task with this id recorded. Throws if it has not run within 9 s.
  func record(_ id: String) throws -> JSONValue {
    let client = try server.client()
    client("SELECT", "3")
    let reply = client("BLPOP", "record:\(id)", "9")
    guard let record = reply?.array?.last?.bytes.flatMap({ JSONValue($0) }) else {
      throw Failure("the task \(id) has not run; the worker's log:\n\(Self.end(of: server))", 0)
    }
    return record
  }

  /// The end of the worker's log.
  var logEnd: String { Self.end(of: server) }

  private static func end(of server: RedisServer) -> String {
    let file = open(server.folder + "/worker.log", O_RDONLY | O_CLOEXEC)
    defer { close(file) }
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    let count = read(file, &buffer, buffer.count)
    return String(decoding: buffer[..<max(0, count)].suffix(4000), as: UTF8.self)
  }
}
