import Glibc
import Testing

@testable import ReactiveBeat

@Suite struct NotifySocketTests {
  @Test(arguments: [false, true]) func arrives(abstract: Bool) throws {
    let listener = try NotifyListener(abstract: abstract)
    let socket = try NotifySocket(listener.address)
    #expect(socket.send("READY=1\nSTATUS=leading") == .sent)
    #expect(socket.send("WATCHDOG=1") == .sent)
    #expect(listener.read() == ["READY=1\nSTATUS=leading", "WATCHDOG=1"])
  }

  /// A path as long as an address may be, and one byte more.
  @Test func longestName() throws {
    for prefix in ["/", "@"] {
      let longest = prefix == "/" ? 107 : 108
      _ = try NotifySocket(prefix + String(repeating: "a", count: longest - 1))
      #expect(throws: EventLoopError.self) { try NotifySocket(prefix + String(repeating: "a", count: longest)) }
    }
  }

  @Test(arguments: ["", "/", "@", "run/notify", "vsock:2:1234"]) func noSuchKind(_ name: String) {
    #expect(throws: EventLoopError.self) { try NotifySocket(name) }
  }

  @Test func nobodyListens() throws {
    let socket = try NotifySocket("/tmp/reactivebeat-test-nobody-\(getpid())")
    #expect(socket.send("READY=1") == .failed(EventLoopError.reason(ENOENT)))
  }

  /// The manager does not read: no call waits for it, and what it has already got stays.
  @Test func full() throws {
    let listener = try NotifyListener()
    let socket = try NotifySocket(listener.address)
    var sent = 0
    while sent < 100_000, socket.send("WATCHDOG=1") == .sent { sent += 1 }
    #expect(socket.send("READY=1") == .full)
    #expect(listener.read().count == sent)
    #expect(socket.send("READY=1") == .sent)
  }
}
