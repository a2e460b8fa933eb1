import BeatCore

/// What a user of the web page may do.
enum WebRole: String, Sendable {
  case viewer, editor
}

/// One request to the API, without anything of the connection that it came on.
struct APICall: Sendable {
  /// In capital letters, as HTTP has it.
  var method: String
  /// The segments of the path behind `/api/v1/`, decoded.
  var path: [String]
  /// The query's parameters, decoded, in their order.
  var query: [(name: String, value: String)]
  var body: [UInt8]
  /// nil: the user has not logged in.
  var role: WebRole?
  /// The user's name, where the login tells it.
  var user: String?
  /// The peer's address, for people.
  var origin: String

  init(
    _ method: String, _ path: [String], query: [(name: String, value: String)] = [], body: [UInt8] = [],
    role: WebRole? = nil, user: String? = nil, origin: String = ""
  ) {
    self.method = method
    self.path = path
    self.query = query
    self.body = body
    self.role = role
    self.user = user
    self.origin = origin
  }
}

/// The answer to a call: a status of HTTP and JSON, or no body at all.
struct APIAnswer: Sendable, Hashable {
  var status: Int
  /// JSON in UTF-8; empty with status 204.
  var body: [UInt8]
  /// The methods that the path has, for the header `Allow` of a status 405; empty: no such header is needed.
  var allowed: [String] = []

  init(_ json: JSONOutput, status: Int = 200) {
    self.status = status
    body = Array(json.line.utf8)
  }

  init(status: Int, body: [UInt8]) {
    self.status = status
    self.body = body
  }

  /// It is done, and there is nothing to say.
  static let done = APIAnswer(status: 204, body: [])
}
