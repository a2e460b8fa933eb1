import Glibc
import Testing

@testable import ReactiveBeat

/// `beat-watch web` as a process: how it begins and ends.
@Suite struct WebCommandTests {
  private func web(_ stage: Stage, _ arguments: String...) throws -> Daemon {
    try Daemon(stage.environment(), arguments: ["web"] + arguments)
  }

  @Test("it serves until it is told to end")
  func serves() throws {
    let stage = try Stage()
    stage.set("a", schedule("a"))
    let port = try #require(freePorts(1).first)
    let web = try web(stage, "--listen", "127.0.0.1:\(port)")
    #expect(eventually { HTTPAnswer.get(port, "/api/v1/schedules")?.body.contains(#""all":1"#) == true })
    #expect(
      HTTPAnswer.get(port, "/")?.fields.contains { $0.hasPrefix("Content-Security-Policy: default-src 'none'") } == true
    )
    #expect(HTTPAnswer.get(port, "/assets/../index.html")?.status == 400)
    #expect(HTTPAnswer(port, ["GET / HTTP/1.1", "Host: evil.example"])?.status == 421)
    let change = ["POST /api/v1/schedules/YQ/disable HTTP/1.1", "Host: 127.0.0.1", "Content-Type: application/json"]
    #expect(HTTPAnswer(port, change, body: "{}")?.status == 403, "no CSRF token")
    web.send(SIGTERM)
    #expect(try web.exit() == .status(0))
    #expect(stage.document("a")?.contains(#""enabled": true"#) == true)
  }

  @Test("an address that it cannot listen on ends it with a sentence")
  func taken() throws {
    let stage = try Stage()
    let port = try #require(freePorts(1).first)
    let first = try web(stage, "--listen", "127.0.0.1:\(port)")
    #expect(eventually { HTTPAnswer.get(port, "/")?.status == 200 })
    let second = try web(stage, "--listen", "127.0.0.1:\(port)")
    #expect(try second.exit() == .status(71))
    #expect(second.otherLines.contains { $0.contains("127.0.0.1:\(port) cannot be listened on: another process does") })
    let third = try web(stage, "--listen", "unix:\(stage.server.folder)/missing/web.sock")
    #expect(try third.exit() == .status(71))
    first.send(SIGTERM)
    #expect(try first.exit() == .status(0))
  }

  @Test("where others can reach it, it wants a login")
  func open() throws {
    let web = try web(try Stage(), "--listen", "*:0")
    #expect(try web.exit() == .status(78))
    #expect(web.otherLines.contains { $0.contains("nobody would have to log in") })
  }
}
