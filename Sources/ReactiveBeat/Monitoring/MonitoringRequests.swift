import BeatHTTP

/// How often the monitoring endpoint was asked for what, with which result.
final class MonitoringRequests {
  enum Path: Int, CaseIterable {
    case livez, readyz, metrics, other

    init(_ segments: [String]) {
      switch segments {
      case ["livez"]: self = .livez
      case ["readyz"]: self = .readyz
      case ["metrics"]: self = .metrics
      default: self = .other
      }
    }

    /// The value of the label `path`: a path that somebody has made up is no value of a label.
    var label: String {
      switch self {
      case .livez: "/livez"
      case .readyz: "/readyz"
      case .metrics: "/metrics"
      case .other: "other"
      }
    }
  }

  private static let statuses: [HTTPStatus] = [.ok, .notFound, .methodNotAllowed, .misdirected, .serviceUnavailable]
  private var counts = [Int](repeating: 0, count: Path.allCases.count * statuses.count)

  func count(_ path: Path, _ status: HTTPStatus) {
    guard let place = Self.statuses.firstIndex(of: status) else { return }
    counts[path.rawValue * Self.statuses.count + place] += 1
  }

  func write(to text: inout MetricsText, connections: Int, refused: Int) {
    text.begin("reactivebeat_http_requests", .counter, "Requests to this endpoint, by path and status.")
    for path in Path.allCases {
      for (place, status) in Self.statuses.enumerated() {
        let count = counts[path.rawValue * Self.statuses.count + place]
        guard count > 0 || status == .ok else { continue }
        text.sample(count, [("path", path.label), ("status", "\(status.number)")])
      }
    }
    text.begin("reactivebeat_http_connections", .gauge, "Connections to this endpoint that are open.")
    text.sample(connections)
    text.begin(
      "reactivebeat_http_connections_refused", .counter,
      "Connections to this endpoint that were refused, since all others were busy.")
    text.sample(refused)
  }
}
