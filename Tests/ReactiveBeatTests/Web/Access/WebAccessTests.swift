import BeatHTTP
import Testing

@testable import BeatCore
@testable import BeatLoop
@testable import beat_watch

/// Which requests the page answers, and whose they are.
@Suite struct WebAccessTests {
  private func request(_ fields: [String], _ method: String = "GET", host: String = "127.0.0.1:9809") throws
    -> HTTPRequest
  {
    var reader = HTTPRequestReader(HTTPLimits())
    let lines = ["\(method) /api/v1/schedules HTTP/1.1", "Host: \(host)"] + fields
    reader.append(Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8))
    guard case .request(let request) = try reader.next() else { throw Failure("no request", 0) }
    return request
  }

  private func access(_ login: WebLogin = .none(.editor), hosts: [String] = []) throws -> WebAccess {
    WebAccess(login, hosts: try HostRule(hosts)) { BootTime(microseconds: 0) }
  }

  @Test(
    "the page answers to addresses, localhost, and the names it was given",
    arguments: [
      ("127.0.0.1:9809", true), ("localhost", true), ("LOCALHOST:1", true), ("[::1]:9809", true), ("10.0.0.7:80", true),
      ("beat.example.org", true), ("beat.example.org.:443", true), ("evil.example", false),
      ("localhost.evil.example", false),
      ("beat.example.org.evil.example", false), ("[evil]", false), ("127.0.0.1:9809:1", false), ("127.0.0.1:", true),
      ("127.0.0.1.nip.example", false), ("localhost:port", false), ("[::1]evil", false), ("[127.0.0.1]", false),
    ])
  func hosts(host: String, isAllowed: Bool) throws {
    let access = try access(hosts: ["Beat.example.org"])
    #expect((access.refusal(of: try request([], host: host)) == nil) == isAllowed)
  }

  @Test("a name is given without scheme and port", arguments: ["http://a", "a:80", "a/b", "", "a b", "a,b"])
  func wrongNames(_ name: String) { #expect(throws: CommandError.self) { _ = try HostRule([name]) } }

  @Test(
    "what another site's page makes is refused",
    arguments: [
      ["Sec-Fetch-Site: cross-site"], ["Sec-Fetch-Site: same-site"], ["Origin: http://evil.example"], ["Origin: null"],
      ["Origin: http://127.0.0.1:9809", "Origin: http://evil.example"],
      ["Sec-Fetch-Site: same-origin", "Sec-Fetch-Site: cross-site"], ["Origin: http://127.0.0.1:9810"],
      ["Origin: ftp://127.0.0.1:9809"],
      ["Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: cors"],
    ])
  func foreign(fields: [String]) throws {
    #expect(try access().refusal(of: request(fields))?.code == .forbidden)
    #expect(try access().refusal(of: request(fields, "POST"))?.code == .forbidden)
  }

  @Test(
    "what this page, a link or a program makes is answered",
    arguments: [
      [], ["Sec-Fetch-Site: same-origin"], ["Sec-Fetch-Site: none"], ["Origin: http://127.0.0.1:9809"],
      ["Origin: https://127.0.0.1:9809"], ["Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate"],
    ])
  func own(fields: [String]) throws { #expect(try access().refusal(of: request(fields)) == nil) }

  @Test("a link from elsewhere may only look")
  func link() throws {
    let fields = ["Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate"]
    #expect(try access().refusal(of: request(fields, "POST"))?.code == .forbidden)
  }

  @Test("a change carries the token that only this page can read")
  func csrf() throws {
    let access = try access()
    let visitor = access.visitor(try request([]), from: .local)
    let csrf = try #require(visitor.csrf)
    #expect(access.refusal(ofChange: try request(["X-CSRF-Token: \(csrf)"]), by: visitor) == nil)
    for fields in [
      [], ["X-CSRF-Token:"], ["X-CSRF-Token: \(csrf)0"], ["X-CSRF-Token: \(csrf)", "X-CSRF-Token: \(csrf)"],
    ] {
      #expect(access.refusal(ofChange: try request(fields), by: visitor)?.code == .forbidden)
    }
  }

  @Test("a proxy's word counts from the proxy only, and only once")
  func proxy() throws {
    let access = try access(.proxy(ProxyLogin(proxy: "10.0.0.1", field: "X-User", editors: "anna, cleo")))
    func user(_ fields: [String], from peer: StreamPeer) throws -> WebUser? {
      access.visitor(try request(fields), from: peer).user
    }
    let proxy = StreamPeer.address("10.0.0.1")
    #expect(try user(["X-User: anna"], from: proxy) == WebUser(name: "anna", role: .editor))
    #expect(try user(["x-user: ben"], from: proxy) == WebUser(name: "ben", role: .viewer))
    #expect(try user(["X-User: anna"], from: .address("10.0.0.2")) == nil)
    #expect(try user(["X-User: anna"], from: .local) == nil)
    #expect(try user([], from: proxy) == nil)
    #expect(try user(["X-User: anna", "X-User: ben"], from: proxy) == nil)
    #expect(try user(["X-User: anna\u{202E}"], from: proxy) == nil)
    let socket = try ProxyLogin(proxy: "unix", field: "X-User", editors: "*")
    #expect(socket.isFrom(.local) && !socket.isFrom(proxy) && socket.user("ben")?.role == .editor)
    #expect(throws: CommandError.self) { _ = try ProxyLogin(proxy: "proxy.example", field: "X-User", editors: "") }
    #expect(throws: CommandError.self) { _ = try ProxyLogin(proxy: "10.0.0.1", field: "X User", editors: "") }
  }

  @Test("a page without a login has no sessions")
  func noLogin() throws {
    guard case .notHere = try access().logIn("a", try request([]), from: .local) else {
      Issue.record("a login without tokens")
      return
    }
    #expect(try access(.none(.viewer)).visitor(request([]), from: .local).user?.role == .viewer)
  }
}
