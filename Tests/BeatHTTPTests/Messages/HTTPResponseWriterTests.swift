import BeatCore
import Testing

@testable import BeatHTTP

/// Responses as bytes.
@Suite struct HTTPResponseWriterTests {
  private func head(_ response: HTTPResponse, _ framing: HTTPResponseWriter.Framing, closes: Bool = false) -> String {
    String(
      decoding: HTTPResponseWriter.head(response, framing, closes: closes, at: UnixTime(seconds: 784_111_777)),
      as: UTF8.self)
  }

  @Test("a response has a date, its fields and its length")
  func plain() {
    #expect(
      head(.text(.ok, "hello"), .length(6)) == """
        HTTP/1.1 200 OK\r
        Date: Sun, 06 Nov 1994 08:49:37 GMT\r
        Content-Type: text/plain; charset=utf-8\r
        Content-Length: 6\r
        \r

        """)
    #expect(head(.text(.ok, ""), .chunked).contains("\r\nTransfer-Encoding: chunked\r\n"))
    #expect(head(.text(.ok, ""), .untilClose, closes: true).hasSuffix("\r\nConnection: close\r\n\r\n"))
    #expect(!head(HTTPResponse(.noContent, type: "", body: []), .length(0)).contains("Content-Length"))
  }

  @Test("no value ends its line, and no name either")
  func injection() {
    let response = HTTPResponse(
      .ok, type: "text/plain", fields: [("X\r\nSet-Cookie: a=b", "1\r\nSet-Cookie: c=d\0\u{85}é")], body: [])
    let lines = head(response, .length(0)).split(separator: "\r\n")
    #expect(!lines.contains { $0.hasPrefix("Set-Cookie") })
    #expect(lines.contains("XSet-Cookieab: 1Set-Cookie: c=d\u{85}é"))
  }

  @Test("chunks have their length in hexadecimal")
  func chunks() {
    let chunk = HTTPResponseWriter.chunk([UInt8](repeating: 97, count: 26))
    #expect(String(decoding: chunk, as: UTF8.self) == "1a\r\n\(String(repeating: "a", count: 26))\r\n")
  }

  @Test("every status is found by its number")
  func statuses() {
    for status in HTTPStatus.all { #expect(HTTPStatus(number: status.number) == status) }
    #expect(HTTPStatus(number: 299) == .internalError)
  }
}
