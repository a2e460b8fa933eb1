import Glibc
import Testing

@testable import BeatHTTP
@testable import ReactiveBeat

/// `/livez`, `/readyz` and `/metrics` of a real daemon.
@Suite struct MonitoringEndpointTests {
  @Test("the endpoint says that the daemon lives, whether it does its work, and what it counts")
  func answers() throws {
    let stage = try Stage()
    stage.set("a", schedule("a", every: "0.2"))
    let port = try #require(freePorts(1).first)
    let daemon = try stage.daemon([
      "BEAT_WATCH_HTTP_LISTEN": "127.0.0.1:\(port)", "BEAT_WATCH_METRICS_PER_SCHEDULE": "5",
    ])
    #expect(HTTPAnswer.get(port, "/livez")?.body == "ok\n")
    #expect(eventually { HTTPAnswer.get(port, "/readyz")?.status == 200 })
    #expect(HTTPAnswer.get(port, "/readyz")?.body == "ready: this daemon leads\n")
    #expect(
      eventually {
        HTTPAnswer.get(port, "/metrics")?.body.contains(#"reactivebeat_schedule_fires_total{schedule="a"}"#) == true
      })
    let plain = try #require(HTTPAnswer.get(port, "/metrics"))
    #expect(plain.fields.contains("Content-Type: text/plain; version=0.0.4; charset=utf-8"))
    #expect(plain.body.contains(#"reactivebeat_http_requests_total{path="/livez",status="200"} 1"#))
    let open = try #require(
      HTTPAnswer.get(port, "/metrics", ["Accept: application/openmetrics-text;version=1.0.0,*/*;q=0.1"]))
    #expect(open.fields.contains("Content-Type: application/openmetrics-text; version=1.0.0; charset=utf-8"))
    #expect(open.body.hasSuffix("# EOF\n"))
    #expect(HTTPAnswer.get(port, "/nothing")?.status == 404)
    #expect(HTTPAnswer(port, ["POST /metrics HTTP/1.1", "Host: 127.0.0.1"])?.status == 405)
    #expect(HTTPAnswer(port, ["GET /metrics HTTP/1.1", "Host: evil.example"])?.status == 421, "DNS rebinding")

    stage.server.kill()
    #expect(eventually { HTTPAnswer.get(port, "/readyz")?.status == 503 })
    let reason = try #require(HTTPAnswer.get(port, "/readyz")?.body)
    #expect(reason.hasPrefix("not ready\n") && reason.contains("no connection to the store"))
    #expect(HTTPAnswer.get(port, "/livez")?.status == 200)
    daemon.send(SIGTERM)
    #expect(try daemon.exit() == .status(0))
  }

  @Test("an address that another process has is an error at the start")
  func taken() throws {
    let stage = try Stage()
    let port = try #require(freePorts(1).first)
    let first = try stage.daemon(["BEAT_WATCH_HTTP_LISTEN": "127.0.0.1:\(port)"])
    let second = try stage.launch(["BEAT_WATCH_HTTP_LISTEN": "127.0.0.1:\(port)"])
    #expect(try second.exit() == .status(71))
    #expect(second.otherLines.contains { $0.contains("127.0.0.1:\(port) cannot be listened on: another process does") })
    try first.stop()
  }

  @Test("OpenMetrics is written for whoever asks for it")
  func formats() {
    #expect(
      MonitoringEndpoint.format(asked: ["text/html", "Application/OpenMetrics-Text; version=1.0.0"]) == .openMetrics)
    #expect(
      MonitoringEndpoint.format(asked: ["*/*"]) == .prometheus && MonitoringEndpoint.format(asked: []) == .prometheus)
  }

  @Test("a made-up path is no value of a label")
  func labels() {
    let requests = MonitoringRequests()
    requests.count(MonitoringRequests.Path(["<script>"]), .notFound)
    requests.count(MonitoringRequests.Path(["metrics"]), .ok)
    var text = MetricsText(.prometheus)
    requests.write(to: &text, connections: 3, refused: 4)
    let lines = String(decoding: text.bytes, as: UTF8.self)
    #expect(lines.contains(#"reactivebeat_http_requests_total{path="other",status="404"} 1"#))
    #expect(lines.contains("reactivebeat_http_connections 3\n") && !lines.contains("script"))
  }
}
