import Glibc
import Testing

@testable import BeatLoop
@testable import ReactiveBeat

@Suite struct ByteStreamOpeningTests {
  /// Whether this machine has IPv6.
  private static let hasIPv6 = (try? TCPListener("::1", serve: nil)) != nil

  /// What a server says that repeats what it hears.
  private func answer(_ host: String, at address: String = "127.0.0.1") throws -> String {
    let listener = try TCPListener(address) { peer in
      while case let bytes = peer.receive(), !bytes.isEmpty { peer.send(bytes) }
    }
    var text = ""
    try onLoop { loop in
      let owner = StreamOwner(to: host, listener.port, on: loop) { owner, _ in
        text = owner.text
        guard text.count == 11 else { return }
        owner.close()
        loop.stop()
      }
      // It waits until the connection is there.
      owner.write("hello ")
      owner.write("there")
      #expect(owner.unsent == 11)
      return owner
    }
    return text
  }

  @Test("by name and by address", arguments: ["localhost", "127.0.0.1"])
  func opens(host: String) throws { #expect(try answer(host) == "hello there") }

  @Test("an address of IPv6", .enabled(if: hasIPv6))
  func opensIPv6() throws {
    #expect(try answer("::1", at: "::1") == "hello there")
    let (error, wasOpen) = try closingError(of: "::1", RedisServer.freePort())
    #expect(!wasOpen && error.message.hasPrefix("connection to [::1]:"))
  }

  @Test("nobody listens", arguments: ["localhost", "127.0.0.1"])
  func refused(host: String) throws {
    let port = try RedisServer.freePort()
    let (error, wasOpen) = try closingError(of: host, port, greeting: "hello")
    #expect(!wasOpen && error.kind == .refused)
    #expect(error.message.hasPrefix("connection to \(host):\(port) refused"))
  }

  @Test("a name without address")
  func unresolvable() throws {
    let (error, wasOpen) = try closingError(of: "no-such-host.invalid", 5672, patience: 3_000_000)
    #expect(!wasOpen && error.kind == .unresolved)
    #expect(error.message.hasPrefix("the host name no-such-host.invalid could not be resolved: "))
  }

  @Test("an address that the system does not connect to is reported after the call")
  func noWay() throws {
    let (error, wasOpen) = try closingError(of: "255.255.255.255", 5672)
    #expect(!wasOpen && error.kind == .unreachable)
    #expect(error.message.hasPrefix("connection to 255.255.255.255:5672 failed: "))
  }

  @Test("a listener that never takes the connection")
  func neverAccepted() throws {
    let full = try FullBacklog()
    let start = MonotonicTime.now()
    let (error, wasOpen) = try closingError(of: "127.0.0.1", full.listener.port, patience: 150_000)
    #expect(MonotonicTime.now().microseconds(since: start) >= 150_000)
    #expect(!wasOpen && error.kind == .timedOut)
    #expect(error.message.contains("did not accept a connection within 0.15 s"))
  }

  /// Runs one stream whose name has these addresses.
  private func addresses(
    _ addresses: [String], _ port: UInt16, patience: Int64
  ) throws -> (isOpen: Bool, error: ByteStreamError?, time: Int64) {
    let start = MonotonicTime.now()
    var result: (Bool, ByteStreamError?, Int64)?
    try onLoop { loop in
      let owner = StreamOwner(to: "localhost", port, patience: patience, on: loop) { owner, _ in
        result = (owner.isOpen, owner.error, MonotonicTime.now().microseconds(since: start))
        owner.close()
        loop.stop()
      }
      // It comes before the system's answer.
      owner.stream?.resolved(.addresses(addresses))
      return owner
    }
    return try #require(result)
  }

  @Test("a silent address has its share of the patience, and the next one is tried")
  func shares() throws {
    let full = try FullBacklog()
    let port = full.listener.port
    let listener = try TCPListener("127.0.0.2", port: port) { _ in }
    try withExtendedLifetime((full, listener)) {
      let (isOpen, _, time) = try addresses(["127.0.0.1", "127.0.0.2"], port, patience: 2_000_000)
      #expect(isOpen && time >= 1_000_000 && time < 2_000_000)
    }
  }

  @Test("of several failures the most telling one is reported")
  func mostTelling() throws {
    let port = try RedisServer.freePort()
    for order in [["127.0.0.1", "255.255.255.255"], ["255.255.255.255", "127.0.0.1"]] {
      let (isOpen, error, _) = try addresses(order, port, patience: 20_000_000)
      #expect(!isOpen && error?.kind == .refused)
    }
  }

  @Test("closed while it looks up, connects, or has failed already: no event comes")
  func closedBefore() throws {
    let full = try FullBacklog()
    try onLoop { loop in
      let owners = ["localhost", "127.0.0.1", "255.255.255.255"].map { host in
        StreamOwner(to: host, full.listener.port, patience: 20_000, on: loop) { _, event in Issue.record("\(event)") }
      }
      for (index, owner) in owners.enumerated() {
        if index == 1 { owner.close() } else { owner.drop() }
      }
      let end = LoopTimer(on: loop) { loop.stop() }
      end.schedule(after: 60_000)
      return (owners, end)
    }
  }

  @Test("closed or released in the event of its opening", arguments: [false, true])
  func closedAtOnce(released: Bool) throws {
    let listener = try TCPListener { peer in
      peer.send("hello")
      _ = peer.receive()
    }
    try onLoop { loop in
      let end = LoopTimer(on: loop) { loop.stop() }
      let owner = StreamOwner(listener.port, on: loop) { owner, _ in
        if released { owner.release() } else { owner.close() }
        end.schedule(after: 50_000)
      }
      return (owner, end)
    }
  }
}
