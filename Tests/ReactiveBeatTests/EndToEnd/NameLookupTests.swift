import Glibc
import Testing

@testable import ReactiveBeat

/// Host names that have no address, get one or another one, or whose name server does not answer. The daemon sees the
/// test's hosts file in the place of the system's, which needs a mount namespace.
@Suite(.enabled(if: mayUnshare, "unshare --mount is not allowed here")) struct NameLookupTests {
  private static let name = "store.reactivebeat.example"

  private func write(_ text: String, to path: String) throws {
    guard let file = fopen(path, "we") else { throw Failure(path, errno) }
    fputs(text, file)
    fclose(file)
  }

  /// A daemon that sees these files in the place of the system's.
  private func launch(_ stage: Stage, _ files: [String: String]) throws -> Daemon {
    let url = "redis://\(Self.name):\(stage.server.port)/"
    let mounts = files.map { "mount --bind \($0.value) \($0.key)" }.joined(separator: " && ")
    return try stage.launchWrapped(
      ["CELERY_REDIS_SCHEDULER_URL": url + "1", "CELERY_BROKER_URL": url + "0"],
      [commandPath("unshare"), "--mount", "--", "/bin/sh", "-c", "\(mounts) && exec \"$@\"", "sh"])
  }

  @Test func addressesComeAndChange() throws {
    let stage = try Stage(tcp: true)
    let hosts = stage.server.folder + "/hosts"
    try write("127.0.0.1 localhost\n", to: hosts)
    let nobody = stage.server.folder + "/resolv.conf"
    // No name server listens there, so the look-up fails at once.
    try write("nameserver 127.0.0.1\noptions timeout:1 attempts:1\n", to: nobody)
    let daemon = try launch(stage, ["/etc/hosts": hosts, "/etc/resolv.conf": nobody])
    let line = try daemon.wait(for: "disconnected")
    #expect(line.reason.contains(Self.name) && line.reason.contains("resolved"), "\(line)")
    // First an address at which no server listens, then the right one.
    try write("127.0.0.1 localhost\n127.9.9.9 \(Self.name)\n", to: hosts)
    try daemon.wait(for: "disconnected", within: 20) { $0.reason.contains("refused") }
    try write("127.0.0.1 localhost \(Self.name)\n", to: hosts)
    try daemon.wait(for: "ready", within: 20)
    stage.set("a", schedule("a", atOnce))
    try daemon.wait(for: "fired", key: stage.key("a"))
  }

  /// The name server does not answer: the loop goes on, and a signal is handled at once.
  @Test func silentNameServer() throws {
    let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(53).bigEndian
    address.sin_addr.s_addr = UInt32(0x7F08_0807).bigEndian
    let status = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    try #require(status == 0, "port 53 of 127.8.8.7 is not to be had")
    let stage = try Stage(tcp: true)
    let silent = stage.server.folder + "/resolv.conf"
    try write("nameserver 127.8.8.7\noptions timeout:30\n", to: silent)
    let daemon = try launch(stage, ["/etc/resolv.conf": silent])
    let line = try daemon.wait(for: "disconnected")
    #expect(line.reason.contains("within 2 s"), "\(line)")
    #expect(try daemon.stop() == .status(0))
  }
}

/// Whether this system lets the tests make a mount namespace.
let mayUnshare: Bool = {
  guard let unshare = try? commandPath("unshare"), let command = try? commandPath("true") else { return false }
  let process = try? ChildProcess([unshare, "--mount", "--", command], environment: [:], output: -1)
  return process?.wait() == .status(0)
}()
