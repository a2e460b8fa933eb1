/// A request's method, as it was sent: methods are told apart by case (RFC 9110, section 9.1).
package struct HTTPMethod: Hashable, Sendable, CustomStringConvertible {
  package let description: String

  package init(_ text: String) { description = text }

  package static let get = HTTPMethod("GET")
  package static let head = HTTPMethod("HEAD")
  package static let post = HTTPMethod("POST")
  package static let put = HTTPMethod("PUT")
  package static let delete = HTTPMethod("DELETE")
}
