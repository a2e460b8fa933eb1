import BeatCore
import BeatDriver
import BeatHTTP
import BeatLoop

/// The daemon's own HTTP endpoint: `/livez`, `/readyz` and `/metrics`.
///
/// It runs on the loop that fires, since its answer is that this loop turns. So an answer costs little: metrics are
/// written at most ten times a second, however often they are asked for.
final class MonitoringEndpoint {
  /// How long a text of metrics is good; microseconds.
  private static let textAge: Int64 = 100_000

  private let loop: EventLoop
  private let metrics: DaemonMetrics
  /// The daemon's health, in sentences: the verdict, then the reasons.
  private let health: () -> (isReady: Bool, lines: [String])
  private let requests = MonitoringRequests()
  /// Whether only this machine's programs reach the address. A browser of this machine is one of them, and a page that it
  /// shows must not read the answers by a name of its own (DNS rebinding).
  private let isLoopback: Bool
  private var texts: [MetricsFormat: (bytes: [UInt8], at: BootTime)] = [:]
  private var server: HTTPServer?

  /// Begins to listen.
  ///
  /// Throws: the address cannot be listened on.
  init(
    on address: ListenAddress, loop: EventLoop, metrics: DaemonMetrics,
    health: @escaping () -> (isReady: Bool, lines: [String])
  ) throws(EventLoopError) {
    self.loop = loop
    self.metrics = metrics
    self.health = health
    if case .address = address { isLoopback = address.isLocal } else { isLoopback = false }
    let service = HTTPService { [unowned self] exchange in
      let (path, response) = answer(to: exchange.request)
      requests.count(path, response.status)
      exchange.respond(response)
    }
    server = try HTTPServer(on: address, limits: HTTPLimits(), loop: loop, service)
  }

  /// Where it listens, with the port that the system has chosen where 0 was asked for.
  var address: ListenAddress? { server?.address }

  func close() { server?.close() }

  private func answer(to request: HTTPRequest) -> (MonitoringRequests.Path, HTTPResponse) {
    let path = MonitoringRequests.Path(request.target.segments)
    if isLoopback, let host = request.fields["host"], HTTPHost(host)?.isDirect != true {
      return (path, .text(.misdirected, "this endpoint is asked by its address or as localhost"))
    }
    guard request.method == .get || request.method == .head else {
      var response = HTTPResponse.text(.methodNotAllowed, "this is read by GET")
      response.fields.append(("Allow", "GET, HEAD"))
      return (path, response)
    }
    switch path {
    case .livez: return (path, .text(.ok, "ok"))
    case .readyz:
      let health = health()
      return (path, .text(health.isReady ? .ok : .serviceUnavailable, health.lines.joined(separator: "\n")))
    case .metrics:
      let format = Self.format(asked: request.fields.values("accept"))
      return (path, HTTPResponse(.ok, type: format.contentType, body: text(format)))
    case .other:
      return (path, .text(request.target.segments.isEmpty ? .ok : .notFound, "/livez, /readyz and /metrics are here"))
    }
  }

  /// OpenMetrics where the other side names it, as Prometheus does.
  static func format(asked accepts: [String]) -> MetricsFormat {
    accepts.contains { $0.lowercased().contains("application/openmetrics-text") } ? .openMetrics : .prometheus
  }

  private func text(_ format: MetricsFormat) -> [UInt8] {
    let now = loop.bootTime
    if let text = texts[format], now.microseconds(since: text.at) < Self.textAge { return text.bytes }
    let bytes = metrics.text(format) { [requests, server] text in
      requests.write(to: &text, connections: server?.connectionCount ?? 0, refused: server?.refusedCount ?? 0)
    }
    texts[format] = (bytes, now)
    return bytes
  }
}
