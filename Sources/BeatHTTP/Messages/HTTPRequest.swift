/// One request: complete, or its head without the body.
package struct HTTPRequest: Hashable, Sendable {
  package let method: HTTPMethod
  package let target: HTTPTarget
  package let fields: HTTPFields
  package internal(set) var body: [UInt8]
  /// Whether it is of HTTP/1.0, which knows no chunks.
  package let isOld: Bool
  /// Whether the connection may carry another request.
  package let keepsConnection: Bool
}
