import BeatCore
import ReactiveBeat

/// Why a call is not carried out, as the API says it: `{"error": {"code": …, "message": …}}`.
struct APIProblem: Error, Sendable {
  enum Code: String, Sendable, CaseIterable {
    case badRequest = "bad_request"
    case unauthorized, forbidden
    case notFound = "not_found"
    case methodNotAllowed = "method_not_allowed"
    case conflict
    case tooLarge = "too_large"
    case unsupportedType = "unsupported_type"
    case misdirected
    case unprocessable
    case tooMany = "too_many"
    case storeUnreachable = "store_unreachable"
    case unavailable

    var status: Int {
      switch self {
      case .badRequest: 400
      case .unauthorized: 401
      case .forbidden: 403
      case .notFound: 404
      case .methodNotAllowed: 405
      case .conflict: 409
      case .tooLarge: 413
      case .unsupportedType: 415
      case .misdirected: 421
      case .unprocessable: 422
      case .tooMany: 429
      case .storeUnreachable, .unavailable: 503
      }
    }
  }

  var code: Code
  /// One sentence: what is wrong, and what to do.
  var message: String
  /// Members of the answer beside `error`.
  var others: [(String, JSONOutput)] = []
  var allowed: [String] = []

  init(_ code: Code, _ message: String, _ others: [(String, JSONOutput)] = []) {
    self.code = code
    self.message = message.printable
    self.others = others
  }

  var answer: APIAnswer {
    let error = JSONOutput.object([("code", .text(code.rawValue)), ("message", .text(message))])
    var answer = APIAnswer(.object([("error", error)] + others), status: code.status)
    answer.allowed = allowed
    return answer
  }
}

extension APIProblem {
  /// The problem that an error of the store, of a change, or of a setting is for a caller.
  init(_ error: any Error) {
    switch error {
    case let problem as APIProblem: self = problem
    case let error as StoreError: self.init(error)
    case let problem as ChangeProblem: self.init(problem)
    case let error as CommandError: self.init(.unprocessable, error.description)
    default: self.init(.storeUnreachable, "\(error)")
    }
  }

  init(_ error: StoreError) {
    switch error.kind {
    // The page shows the reason and tries again.
    case .unreachable, .notReady, .unsuitable, .refused, .readOnly, .wrongType:
      self.init(.storeUnreachable, error.message)
    case .denied:
      self.init(.storeUnreachable, "\(error.message); the user of this page's own connection lacks the right")
    }
  }

  init(_ problem: ChangeProblem) {
    switch problem {
    case .missing(let name, _, _, _): self.init(.notFound, "there is no schedule \(name.brief())")
    case .longName, .otherType, .unreadable, .notText, .unusable: self.init(.unprocessable, "\(problem)")
    case .tooLong: self.init(.tooLarge, "\(problem)")
    case .made, .changed, .deletedOrBroken, .restless, .changedAndKept, .deletedOrReplaced, .busy:
      self.init(.conflict, "\(problem)")
    }
  }
}
