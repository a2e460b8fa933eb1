import BeatCore
import BeatHTTP
import BeatLoop

/// Decides about each request: whether it is for this page, who makes it, and whether another site's page does.
///
/// It belongs to the thread that serves.
final class WebAccess {
  static let cookie = "reactivebeat_session"

  /// Who makes a request, and what the page is told of it.
  struct Visitor {
    /// nil: nobody has logged in.
    var user: WebUser?
    /// What a call that changes something must carry in `X-CSRF-Token`; nil: nobody has logged in.
    var csrf: String?
    /// The session's name in the cookie; nil: there is no session.
    fileprivate var session: String?
  }

  /// What became of a login.
  enum LoginOutcome {
    /// The value is for `Set-Cookie`.
    case begun(Visitor, cookie: String)
    case refused
    /// So many seconds later the peer may try again.
    case tooMany(seconds: Int64)
    /// The page has no login by tokens.
    case notHere
  }

  let login: WebLogin
  private let hosts: HostRule
  private let clock: () -> BootTime
  private var sessions = Sessions()
  private var attempts = LoginAttempts()
  /// The token against foreign pages where there are no sessions.
  private let csrf = RandomSecret.make()
  /// Runs with what an operator should know.
  var complain: (String) -> Void = { _ in }
  private var complaint: String?

  init(_ login: WebLogin, hosts: HostRule, clock: @escaping () -> BootTime) {
    self.login = login
    self.hosts = hosts
    self.clock = clock
  }

  // MARK: each request

  /// Why a request is not answered, whoever makes it; nil: it is.
  func refusal(of request: HTTPRequest) -> APIProblem? {
    guard let host = request.fields["host"], hosts.allows(host) else {
      return APIProblem(
        .misdirected,
        "the page is not known by this name: open it by its address, or start it with --host NAME")
    }
    // No browser sends one of these twice.
    for field in ["origin", "sec-fetch-site", "sec-fetch-mode"] where request.fields.values(field).count > 1 {
      return Self.foreign
    }
    // Browsers say by whose page a request was made (Fetch Metadata), and old ones say the origin with a change.
    if let site = request.fields["sec-fetch-site"], site != "same-origin", site != "none" {
      let isNavigation = request.fields["sec-fetch-mode"] == "navigate" && request.method == .get
      guard isNavigation else { return Self.foreign }
    }
    if let origin = request.fields.values("origin").first {
      guard origin == "http://\(host)" || origin == "https://\(host)" else { return Self.foreign }
    }
    return nil
  }

  private static let foreign = APIProblem(.forbidden, "the request was made by another site's page")

  func visitor(_ request: HTTPRequest, from peer: StreamPeer) -> Visitor {
    switch login {
    case .none(let role): return Visitor(user: WebUser(name: nil, role: role), csrf: csrf)
    case .proxy(let proxy):
      guard proxy.isFrom(peer), let user = request.fields[proxy.field].flatMap(proxy.user) else { return Visitor() }
      return Visitor(user: user, csrf: csrf)
    case .tokens(let file):
      refresh(file)
      guard let name = Self.session(in: request),
        let session = try? sessions.use(name, among: file.tokens, now: clock())
      else { return Visitor() }
      return Visitor(
        user: WebUser(name: session.token.user, role: session.token.role), csrf: session.csrf, session: name)
    }
  }

  /// Whether a visitor who came earlier may still look: a session may have ended since.
  func isCurrent(_ visitor: Visitor) -> Bool {
    guard case .tokens(let file) = login else { return true }
    refresh(file)
    return visitor.session.map { sessions.isGood($0, among: file.tokens, now: clock()) } ?? false
  }

  /// Why a request that changes something is not carried out; nil: it may be.
  func refusal(ofChange request: HTTPRequest, by visitor: Visitor) -> APIProblem? {
    guard let csrf = visitor.csrf else { return nil }
    guard let given = request.fields["x-csrf-token"], Self.areEqual(given, csrf) else {
      return APIProblem(
        .forbidden, "X-CSRF-Token is missing or wrong: GET /api/v1/session tells it. Reload the page")
    }
    return nil
  }

  private static func areEqual(_ left: String, _ right: String) -> Bool {
    let (left, right) = (Array(left.utf8), Array(right.utf8))
    guard left.count == right.count else { return false }
    return zip(left, right).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
  }

  private static func session(in request: HTTPRequest) -> String? {
    let cookies = request.fields.values("cookie").flatMap { $0.split(separator: ";") }
    let names = cookies.compactMap { pair -> String? in
      let pair = pair.drop { $0 == " " }
      guard pair.hasPrefix(cookie + "=") else { return nil }
      return String(pair.dropFirst(cookie.count + 1))
    }
    // Two are none: another page of this host may have set one.
    guard names.count == 1, names[0].utf8.count == 64 else { return nil }
    return names[0]
  }

  // MARK: sessions

  func logIn(_ secret: String, _ request: HTTPRequest, from peer: StreamPeer) throws(CommandError) -> LoginOutcome {
    guard case .tokens(let file) = login else { return .notHere }
    let (now, place) = (clock(), peer.description)
    refresh(file)
    // A right token is let in whatever others have tried: behind a proxy all have one address.
    guard secret.utf8.count <= 256, let token = file.token(of: try SecretHash(of: secret)) else {
      if let wait = attempts.wait(place, now: now) { return .tooMany(seconds: (wait + 999_999) / 1_000_000) }
      attempts.failed(place, now: now)
      complain("a login from \(place) was refused: no such token")
      return .refused
    }
    let (name, session) = try sessions.begin(token, now: now)
    // A browser says by the origin whether it has come by https, through a proxy.
    let isSecure = request.fields["origin"]?.hasPrefix("https://") == true
    return .begun(
      Visitor(user: WebUser(name: token.user, role: token.role), csrf: session.csrf, session: name),
      cookie: Self.cookie(name, lasts: Sessions.wholeTime / 1_000_000, isSecure: isSecure))
  }

  /// Ends the visitor's session; returns the value for `Set-Cookie`.
  func logOut(_ visitor: Visitor) throws(CommandError) -> String {
    if let name = visitor.session { try sessions.end(name) }
    return Self.cookie("", lasts: 0, isSecure: false)
  }

  private static func cookie(_ value: String, lasts seconds: Int64, isSecure: Bool) -> String {
    "\(cookie)=\(value); Path=/; Max-Age=\(seconds); HttpOnly; SameSite=Strict" + (isSecure ? "; Secure" : "")
  }

  private func refresh(_ file: TokenFile) {
    file.refresh()
    guard file.problem != complaint else { return }
    complaint = file.problem
    if let complaint { complain("nobody can log in: \(complaint)") }
  }
}
