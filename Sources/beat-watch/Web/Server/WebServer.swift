import BeatCore
import BeatHTTP
import BeatLoop
import ReactiveBeat

/// The web page's HTTP: it maps requests to the page's files, to logins, to events and to calls of the API.
///
/// It belongs to the thread that serves.
final class WebServer {
  /// What the page shows of the installation as a whole.
  struct Place: Sendable {
    /// The store's URL without a password.
    var store: String
    var prefix: String
    var timezone: String
  }

  private let place: Place
  private let access: WebAccess
  private let backEnd: WebBackEnd
  private var server: HTTPServer?

  /// Begins to serve.
  ///
  /// Throws: the address cannot be listened on.
  init(_ address: ListenAddress, _ place: Place, _ access: WebAccess, _ backEnd: WebBackEnd, on loop: EventLoop) throws
  {
    self.place = place
    self.access = access
    self.backEnd = backEnd
    let service = HTTPService(fields: WebHeaders.fields) { [unowned self] head, peer in
      refusal(ofBody: head, from: peer)
    } handle: { [unowned self] exchange in
      handle(exchange)
    }
    server = try HTTPServer(on: address, limits: Self.limits, loop: loop, service)
  }

  /// A browser has up to six connections, and one for events in each tab.
  private static let limits: HTTPLimits = {
    var limits = HTTPLimits()
    limits.connections = 256
    limits.body = APIBody.mostBytes
    // The names of 200 schedules fit in (`/api/v1/events?ids=`), unless they are very long.
    (limits.target, limits.head) = (65_536, 81_920)
    return limits
  }()

  var address: ListenAddress? { server?.address }

  func close() { server?.close() }

  /// The longest body of a login; bytes.
  private static let mostLogin = 4_096

  /// Why a body is not let in; nil: it may come. Long bodies come only from those who may edit.
  private func refusal(ofBody head: HTTPRequest, from peer: StreamPeer) -> HTTPResponse? {
    if let problem = access.refusal(of: head) { return Self.response(problem.answer) }
    let visitor = access.visitor(head, from: peer)
    if let problem = access.refusal(ofChange: head, by: visitor) { return Self.response(problem.answer) }
    if visitor.user?.role == .editor { return nil }
    guard let length = head.fields["content-length"].flatMap({ Int($0) }), length <= Self.mostLogin else {
      return Self.response(
        APIProblem(.tooLarge, "only an editor may send more than \(Plural.of(Self.mostLogin, "byte"))").answer)
    }
    return nil
  }

  private func handle(_ exchange: HTTPExchange) {
    let request = exchange.request
    if let refusal = access.refusal(of: request) { return Self.answer(exchange, refusal.answer) }
    let segments = request.target.segments
    guard segments.first == "api" else { return exchange.respond(WebHeaders.with(WebPage.response(to: request))) }
    guard segments.count > 2, segments[1] == "v1" else {
      return Self.answer(exchange, APIProblem(.notFound, "the API is under /api/v1/").answer)
    }
    let visitor = access.visitor(request, from: exchange.peer)
    do throws(APIProblem) {
      try check(request, visitor)
      switch Array(segments.dropFirst(2)) {
      case ["session"]: try session(exchange, visitor)
      case ["events"]: events(exchange, visitor)
      case let path: backEnd.take(call(request, path, visitor, exchange.peer)) { Self.answer(exchange, $0) }
      }
    } catch { Self.answer(exchange, error.answer) }
  }

  /// Throws: the request may be another site's, or its body is no JSON. A form of a foreign page can be neither.
  private func check(_ request: HTTPRequest, _ visitor: WebAccess.Visitor) throws(APIProblem) {
    guard request.method != .get, request.method != .head else { return }
    if let refusal = access.refusal(ofChange: request, by: visitor) { throw refusal }
    guard !request.body.isEmpty else { return }
    let type = request.fields["content-type"]?.prefix { $0 != ";" }.lowercased().filter { $0 != " " }
    guard type == "application/json" else {
      throw APIProblem(.unsupportedType, "the body is JSON, and Content-Type says so: application/json")
    }
  }

  private func call(
    _ request: HTTPRequest, _ path: [String], _ visitor: WebAccess.Visitor, _ peer: StreamPeer
  ) -> APICall {
    APICall(
      request.method.description, path, query: request.target.query, body: request.body, role: visitor.user?.role,
      user: visitor.user?.name, origin: peer.description)
  }

  static func answer(_ exchange: HTTPExchange, _ answer: APIAnswer, fields: [(name: String, value: String)] = []) {
    exchange.respond(response(answer, fields: fields))
  }

  private static func response(_ answer: APIAnswer, fields: [(name: String, value: String)] = []) -> HTTPResponse {
    var fields = fields + [("Cache-Control", "no-store")]
    if !answer.allowed.isEmpty { fields.append(("Allow", answer.allowed.joined(separator: ", "))) }
    return WebHeaders.with(
      HTTPResponse(
        HTTPStatus(number: answer.status), type: answer.body.isEmpty ? "" : "application/json", fields: fields,
        body: answer.body))
  }

  // MARK: sessions

  private func session(_ exchange: HTTPExchange, _ visitor: WebAccess.Visitor) throws(APIProblem) {
    switch exchange.request.method {
    case .get, .head: Self.answer(exchange, description(of: visitor))
    case .post: try logIn(exchange)
    case .delete:
      let cookie = try Self.checked { () throws(CommandError) in try access.logOut(visitor) }
      Self.answer(exchange, .done, fields: [("Set-Cookie", cookie)])
    default:
      var problem = APIProblem(.methodNotAllowed, "a session has GET, POST and DELETE")
      problem.allowed = ["DELETE", "GET", "POST"]
      throw problem
    }
  }

  private func logIn(_ exchange: HTTPExchange) throws(APIProblem) {
    let token = try APIBody(exchange.request.body).text("token")
    let outcome = try Self.checked { () throws(CommandError) in
      try access.logIn(token, exchange.request, from: exchange.peer)
    }
    switch outcome {
    case .begun(let visitor, let cookie):
      Self.answer(exchange, description(of: visitor), fields: [("Set-Cookie", cookie)])
    case .refused: throw APIProblem(.unauthorized, "no token is like this one: is it whole?")
    case .tooMany(let seconds):
      Self.answer(
        exchange,
        APIProblem(.tooMany, "too many logins have failed: try again in \(Plural.of(Int(seconds), "second"))").answer,
        fields: [("Retry-After", "\(seconds)")])
    case .notHere: throw APIProblem(.badRequest, "this page has no login by tokens")
    }
  }

  private static func checked<Value>(_ work: () throws(CommandError) -> Value) throws(APIProblem) -> Value {
    do { return try work() } catch { throw APIProblem(.unavailable, error.description) }
  }

  private func description(of visitor: WebAccess.Visitor) -> APIAnswer {
    // Nobody learns about the installation before the login.
    let isKnown = visitor.user != nil
    return APIAnswer(
      .object([
        ("user", .text(visitor.user?.name)), ("role", .text(visitor.user?.role.rawValue)),
        ("login", .text(access.login.word)), ("csrf", .text(visitor.csrf)), ("version", .text(BeatDaemon.version)),
        ("store", .text(isKnown ? place.store : nil)), ("prefix", .text(isKnown ? place.prefix : nil)),
        ("timezone", .text(isKnown ? place.timezone : nil)),
      ]))
  }

  // MARK: events

  private func events(_ exchange: HTTPExchange, _ visitor: WebAccess.Visitor) {
    var stream: HTTPStream?
    let access = access
    let (token, refusal) = backEnd.subscribe(call(exchange.request, ["events"], visitor, exchange.peer)) {
      // A session that has ended since ends its events, too: with the next of them, or with the next heartbeat.
      guard access.isCurrent(visitor) else {
        stream?.finish()
        return false
      }
      return stream?.write($0) ?? false
    }
    guard let token else {
      return Self.answer(exchange, refusal ?? APIProblem(.storeUnreachable, "there are no events now").answer)
    }
    // A proxy must not hold events back.
    stream = exchange.stream(
      WebHeaders.with(
        HTTPResponse(
          .ok, type: "text/event-stream; charset=utf-8",
          fields: [("Cache-Control", "no-store"), ("X-Accel-Buffering", "no")], body: Array("retry: 2000\n\n".utf8))))
    exchange.onEnd = { [weak backEnd] in backEnd?.unsubscribe(token) }
    if stream == nil { backEnd.unsubscribe(token) }
  }
}

/// Belongs to its loop's thread.
@available(*, unavailable)
extension WebServer: Sendable {}
