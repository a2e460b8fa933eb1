/// One response. The server adds what belongs to the connection: `Date`, `Content-Length`, `Connection`.
package struct HTTPResponse: Sendable {
  package var status: HTTPStatus
  package var fields: [(name: String, value: String)]
  package var body: [UInt8]

  /// - Parameter type: what the body is, with its charset; empty: there is no body.
  package init(_ status: HTTPStatus, type: String, fields: [(name: String, value: String)] = [], body: [UInt8]) {
    self.status = status
    self.fields = (type.isEmpty ? [] : [("Content-Type", type)]) + fields
    self.body = body
  }

  /// A response that a person or a shell script reads.
  package static func text(_ status: HTTPStatus, _ text: String) -> HTTPResponse {
    HTTPResponse(status, type: "text/plain; charset=utf-8", body: Array((text + "\n").utf8))
  }
}
