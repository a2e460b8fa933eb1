import Testing

@testable import BeatCore
@testable import beat_watch

/// Sessions and failed logins, on virtual time.
@Suite struct SessionTests {
  private let minute: Int64 = 60_000_000

  private func at(_ microseconds: Int64) -> BootTime { BootTime(microseconds: microseconds) }

  private func token(_ user: String) throws -> AccessToken {
    AccessToken(user: user, role: .editor, hash: try SecretHash(of: user))
  }

  @Test("a session lasts while it is used, for a week at most")
  func time() throws {
    var sessions = Sessions()
    let anna = try token("anna")
    let (name, session) = try sessions.begin(anna, now: at(0))
    #expect(session.csrf != name)
    var now: Int64 = 0
    for _ in 0..<20 {
      now += 8 * 60 * minute
      #expect(try sessions.use(name, among: [anna], now: at(now))?.csrf == session.csrf)
    }
    #expect(now < Sessions.wholeTime && now + 8 * 60 * minute >= Sessions.wholeTime - 8 * 60 * minute)
    #expect(try sessions.use(name, among: [anna], now: at(Sessions.wholeTime + 1)) == nil)

    let (idle, _) = try sessions.begin(anna, now: at(0))
    #expect(try sessions.use(idle, among: [anna], now: at(Sessions.idleTime + 1)) == nil)
    #expect(try sessions.use(idle, among: [anna], now: at(1)) == nil, "it is over for good")
  }

  @Test("a session ends by its user, and with its token")
  func ends() throws {
    var sessions = Sessions()
    let (anna, ben) = (try token("anna"), try token("ben"))
    let (first, _) = try sessions.begin(anna, now: at(0))
    let (second, _) = try sessions.begin(ben, now: at(0))
    try sessions.end(first)
    #expect(try sessions.use(first, among: [anna, ben], now: at(1)) == nil)
    #expect(try sessions.use(second, among: [anna], now: at(1)) == nil)
    #expect(try sessions.use(second, among: [anna, ben], now: at(1)) == nil)
    #expect(try sessions.use("", among: [anna, ben], now: at(1)) == nil)
  }

  @Test("there are no more sessions than fit, and the one that was used least recently goes")
  func bound() throws {
    var sessions = Sessions()
    let anna = try token("anna")
    let names = try (0..<Sessions.most).map { try sessions.begin(anna, now: at(Int64($0))).name }
    #expect(try sessions.use(names[0], among: [anna], now: at(5_000)) != nil)
    _ = try sessions.begin(anna, now: at(6_000))
    #expect(sessions.count == Sessions.most)
    #expect(try sessions.use(names[0], among: [anna], now: at(6_001)) != nil)
    #expect(try sessions.use(names[1], among: [anna], now: at(6_001)) == nil)
  }

  @Test("after ten failures a peer waits, and others do not")
  func attempts() {
    var attempts = LoginAttempts()
    for second in 0..<10 {
      #expect(attempts.wait("a", now: at(Int64(second) * 1_000_000)) == nil)
      attempts.failed("a", now: at(Int64(second) * 1_000_000))
    }
    #expect(attempts.wait("a", now: at(10_000_000)) == 50_000_000)
    #expect(attempts.wait("b", now: at(10_000_000)) == nil)
    #expect(attempts.wait("a", now: at(60_000_000)) == nil)
  }

  @Test("all peers together have a bound, too")
  func together() {
    var attempts = LoginAttempts()
    for number in 0..<LoginAttempts.ofAll { attempts.failed("\(number)", now: at(Int64(number))) }
    #expect(attempts.wait("new", now: at(1_000_000)) != nil)
    #expect(attempts.wait("new", now: at(minute + 1)) == nil)
  }
}
