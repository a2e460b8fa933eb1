/// A response's status (RFC 9110, section 15), with the name that stands beside its number.
package struct HTTPStatus: Hashable, Sendable {
  package let number: Int
  package let name: String

  private init(_ number: Int, _ name: String) { (self.number, self.name) = (number, name) }

  package static let ok = HTTPStatus(200, "OK")
  package static let created = HTTPStatus(201, "Created")
  package static let noContent = HTTPStatus(204, "No Content")
  package static let notModified = HTTPStatus(304, "Not Modified")
  package static let badRequest = HTTPStatus(400, "Bad Request")
  package static let unauthorized = HTTPStatus(401, "Unauthorized")
  package static let forbidden = HTTPStatus(403, "Forbidden")
  package static let notFound = HTTPStatus(404, "Not Found")
  package static let methodNotAllowed = HTTPStatus(405, "Method Not Allowed")
  package static let requestTimeout = HTTPStatus(408, "Request Timeout")
  package static let conflict = HTTPStatus(409, "Conflict")
  package static let lengthRequired = HTTPStatus(411, "Length Required")
  package static let contentTooLarge = HTTPStatus(413, "Content Too Large")
  package static let targetTooLong = HTTPStatus(414, "URI Too Long")
  package static let unsupportedMediaType = HTTPStatus(415, "Unsupported Media Type")
  package static let expectationFailed = HTTPStatus(417, "Expectation Failed")
  package static let misdirected = HTTPStatus(421, "Misdirected Request")
  package static let unprocessable = HTTPStatus(422, "Unprocessable Content")
  package static let tooManyRequests = HTTPStatus(429, "Too Many Requests")
  package static let fieldsTooLarge = HTTPStatus(431, "Request Header Fields Too Large")
  package static let internalError = HTTPStatus(500, "Internal Server Error")
  package static let serviceUnavailable = HTTPStatus(503, "Service Unavailable")
  package static let versionNotSupported = HTTPStatus(505, "HTTP Version Not Supported")

  package static let all = [
    ok, created, noContent, notModified, badRequest, unauthorized, forbidden, notFound, methodNotAllowed,
    requestTimeout, conflict, lengthRequired, contentTooLarge, targetTooLong, unsupportedMediaType, expectationFailed,
    misdirected, unprocessable, tooManyRequests, fieldsTooLarge, internalError, serviceUnavailable, versionNotSupported,
  ]

  /// The status of a number that this program uses; any other is an error of this program.
  package init(number: Int) { self = Self.all.first { $0.number == number } ?? .internalError }
}
