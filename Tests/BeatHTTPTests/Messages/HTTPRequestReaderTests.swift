import Testing

@testable import BeatHTTP

/// Requests out of bytes: what is read, and what is refused with which status.
@Suite struct HTTPRequestReaderTests {
  private func limits() -> HTTPLimits {
    var limits = HTTPLimits()
    limits.body = 100
    return limits
  }

  private func request(_ text: String) throws -> HTTPRequest? {
    var reader = HTTPRequestReader(limits())
    reader.append(Array(text.utf8))
    guard case .request(let request) = try reader.next() else { return nil }
    return request
  }

  private func refusal(_ bytes: [UInt8]) -> HTTPRefusal? {
    var reader = HTTPRequestReader(limits())
    reader.append(bytes)
    do throws(HTTPRefusal) {
      _ = try reader.next()
      return nil
    } catch {
      return error
    }
  }

  @Test("a request has its method, path, query, fields and body")
  func whole() throws {
    let request = try #require(
      try request(
        "POST /a%20b/c?x=1&y=a+b%2B HTTP/1.1\r\nHost: h:80\r\nX-One:  two \r\nContent-Length: 3\r\n\r\nabcrest"))
    #expect(request.method == .post)
    #expect(request.target.segments == ["a b", "c"])
    #expect(request.target.value("x") == "1" && request.target.value("y") == "a b+")
    #expect(request.fields["x-one"] == "two" && request.fields["host"] == "h:80")
    #expect(request.body == Array("abc".utf8))
    #expect(request.keepsConnection && !request.isOld)
  }

  @Test("requests follow one another, and each is complete before the next begins")
  func following() throws {
    var reader = HTTPRequestReader(limits())
    reader.append(
      Array("GET /1 HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n".utf8))
    guard case .request(let first) = try reader.next(), case .request(let second) = try reader.next() else {
      Issue.record("two requests were sent")
      return
    }
    #expect(first.target.segments == ["1"] && first.keepsConnection)
    #expect(second.target.segments == ["2"] && !second.keepsConnection)
    #expect(try reader.next() == .incomplete && reader.isIdle)
  }

  @Test("an old client's connection ends after the response, unless it asks otherwise")
  func old() throws {
    #expect(try request("GET / HTTP/1.0\r\n\r\n")?.keepsConnection == false)
    #expect(try request("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n")?.keepsConnection == true)
  }

  @Test("a body is announced before it comes")
  func announced() throws {
    var reader = HTTPRequestReader(limits())
    reader.append(Array("PUT /a HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-Continue\r\n\r\n".utf8))
    #expect(try reader.next() == .incomplete && reader.head?.method == .put && reader.length == 2)
    let (first, second) = (reader.takeExpectation(), reader.takeExpectation())
    #expect(first && !second)
    reader.append([1, 2])
    guard case .request(let request) = try reader.next() else {
      Issue.record("the body has come")
      return
    }
    #expect(request.body == [1, 2])
  }

  @Test(
    "what two programs could read differently is refused",
    arguments: [
      (400, "GET / HTTP/1.1\r\n\r\n"),
      (400, "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"),
      (400, "GET / HTTP/1.1\r\nHost: a\r\nX: safe\0evil\r\n\r\n"),
      (400, "GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n folded\r\n\r\n"),
      (400, "GET / HTTP/1.1\r\nHost : a\r\n\r\n"),
      (400, "GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n"),
      (400, "GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n"),
      (400, "GET / HTTP/1.1\r\n: a\r\nHost: a\r\n\r\n"),
      (400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc"),
      (400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +3\r\n\r\nabc"),
      (400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3,3\r\n\r\nabc"),
      (400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n"),
      (400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n"),
      (411, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
      (411, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: identity\r\n\r\na"),
      (413, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 101\r\n\r\n"),
      (413, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999999\r\n\r\n"),
      (417, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nExpect: more\r\n\r\n"),
      (505, "GET / HTTP/2.0\r\nHost: a\r\n\r\n"),
      (505, "GET / http/1.1\r\nHost: a\r\n\r\n"),
      (400, "GET /\r\nHost: a\r\n\r\n"),
      (400, "GET  / HTTP/1.1\r\nHost: a\r\n\r\n"),
      (400, "G(T / HTTP/1.1\r\nHost: a\r\n\r\n"),
      (400, "GET http://other/ HTTP/1.1\r\nHost: a\r\n\r\n"),
      (400, "GET /../etc HTTP/1.1\r\nHost: a\r\n\r\n"),
      (400, "GET /%2e%2E/etc HTTP/1.1\r\nHost: a\r\n\r\n"),
      (400, "GET /a%00b HTTP/1.1\r\nHost: a\r\n\r\n"),
      (400, "GET /a%0 HTTP/1.1\r\nHost: a\r\n\r\n"),
      (400, "GET /%ff HTTP/1.1\r\nHost: a\r\n\r\n"),
      (400, "GET //a HTTP/1.1\r\nHost: a\r\n\r\n"),
      (400, "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n"),
      (400, "GET /é HTTP/1.1\r\nHost: a\r\n\r\n"),
      (400, "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"),
    ])
  func refused(status: Int, text: String) {
    #expect(refusal(Array(text.utf8))?.status.number == status)
  }

  @Test("too much of anything is refused before it is all there")
  func tooMuch() {
    let long = String(repeating: "a", count: 20_000)
    #expect(refusal(Array("GET /\(long)".utf8))?.status == .targetTooLong)
    #expect(refusal(Array("GET /\(long.prefix(9_000)) HTTP/1.1\r\nHost: a\r\n\r\n".utf8))?.status == .targetTooLong)
    #expect(refusal(Array("GET / HTTP/1.1\r\nX: \(long)".utf8))?.status == .fieldsTooLarge)
    let many = (0..<101).map { "X\($0): a\r\n" }.joined()
    #expect(refusal(Array("GET / HTTP/1.1\r\n\(many)\r\n".utf8))?.status == .fieldsTooLarge)
  }

  @Test("a field that is given twice has no single value")
  func twice() throws {
    let request = try #require(try request("GET /?a=1&a=2 HTTP/1.1\r\nHost: h\r\nX: 1\r\nx: 2\r\n\r\n"))
    #expect(request.fields["x"] == nil && request.fields.values("x") == ["1", "2"])
    #expect(request.target.value("a") == nil)
  }
}
