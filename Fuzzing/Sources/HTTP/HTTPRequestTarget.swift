@testable import BeatHTTP

extension FuzzTarget {
  /// The bytes of a connection, in one piece and in pieces.
  static let httpRequests = FuzzTarget(
    "httprequests",
    words: [
      "GET ", "HEAD ", "POST ", "/", "/metrics", "?a=b", "%2e%2e", "%00", "%", "..", " HTTP/1.1\r\n", " HTTP/1.0\r\n",
      "Host: h\r\n", "Content-Length: 3\r\n", "Content-Length: ", "Transfer-Encoding: chunked\r\n",
      "Connection: close\r\n", "Connection: keep-alive\r\n", "Expect: 100-continue\r\n", "\r\n\r\n", "\r", "\n", "\0",
      " : ", "\t", "é", "+3",
    ],
    seeds: {
      [
        "GET /metrics HTTP/1.1\r\nHost: h\r\n\r\n",
        "POST /a/b%20c?x=1&y=%C3%A4+z HTTP/1.1\r\nHost: h:1\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\nabc",
        "GET / HTTP/1.0\r\n\r\nGET /livez HTTP/1.1\r\nHost: h\r\nConnection: Close, x\r\n\r\n",
        "\r\nDELETE /?a HTTP/1.1\r\nHost:\t h \r\nX: \u{80}\r\n\r\n",
      ].map { Array($0.utf8) }
    },
    check: { bytes in
      let whole = read([bytes])
      for size in [1, 2, 7] {
        let pieces = stride(from: 0, to: bytes.count, by: size).map { Array(bytes[$0..<min($0 + size, bytes.count)]) }
        try hold(read(pieces) == whole, "pieces of \(size) are read otherwise")
      }
      for request in whole.requests {
        try hold(request.fields.values("host").count <= 1, "two hosts")
        try hold(request.body.count <= limits.body, "\(request.body.count) bytes of body")
        try hold(
          !request.target.segments.contains { $0 == ".." || $0 == "." || $0.utf8.contains(0) }, "a path that climbs")
        for (name, value) in request.fields.all {
          try hold(!(name + value).utf8.contains { $0 == 0 || $0 == 10 || $0 == 13 }, "a field with a line's end")
        }
      }
      if let refusal = whole.refusal { try holdOneLine(refusal.reason) }
    })

  private static var limits: HTTPLimits {
    var limits = HTTPLimits()
    (limits.head, limits.target, limits.fields, limits.body) = (512, 200, 8, 64)
    return limits
  }

  private struct Outcome: Equatable {
    var requests: [HTTPRequest] = []
    var refusal: HTTPRefusal?
  }

  private static func read(_ pieces: [[UInt8]]) -> Outcome {
    var reader = HTTPRequestReader(limits)
    var outcome = Outcome()
    for piece in pieces {
      reader.append(piece)
      do throws(HTTPRefusal) {
        while case .request(let request) = try reader.next() { outcome.requests.append(request) }
      } catch {
        outcome.refusal = error
        return outcome
      }
    }
    return outcome
  }

  /// What a client of the HTTP server sends.
  static let http: [FuzzTarget] = [httpRequests]
}
