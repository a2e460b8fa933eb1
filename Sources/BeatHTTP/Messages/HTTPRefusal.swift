/// Why a request is not read to its end: what is wrong with it, for its author. The connection ends after it.
package struct HTTPRefusal: Error, Hashable, Sendable {
  package let status: HTTPStatus
  package let reason: String

  init(_ status: HTTPStatus, _ reason: String) {
    self.status = status
    self.reason = reason
  }
}
