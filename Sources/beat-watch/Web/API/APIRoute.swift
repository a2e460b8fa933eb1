import BeatCore

/// What a call asks for, found by its method and its path. It says who may ask, and where the answer is made.
enum APIRoute: Sendable {
  case schedules
  case facets
  case schedule(EntryName)
  case explanation(EntryName)
  case runs(EntryName?)
  case system, doctor, activity
  case openAPI
  case check, create
  case save(EntryName)
  case delete(EntryName)
  case run(EntryName)
  case rename(EntryName)
  case enable(EntryName, Bool)
  case bulk

  /// Where an answer is made.
  enum Place: Sendable {
    /// By the caller: nothing has to be asked.
    case here
    /// By the index of all schedules, in memory.
    case index
    /// By the desk whose answers take some milliseconds.
    case quick
    /// By the desk whose answers may take seconds.
    case patient
  }

  var place: Place {
    switch self {
    case .openAPI: .here
    case .schedules, .facets, .activity: .index
    case .schedule, .check, .create, .save, .delete, .rename, .enable, .system: .quick
    case .explanation, .runs, .doctor, .run, .bulk: .patient
    }
  }

  /// The schedule that the call is about; nil: it is about none, or several.
  var name: EntryName? {
    switch self {
    case .schedule(let name), .explanation(let name), .save(let name), .delete(let name), .run(let name),
      .rename(let name), .enable(let name, _):
      name
    case .runs(let name): name
    case .schedules, .facets, .system, .doctor, .activity, .openAPI, .check, .create, .bulk: nil
    }
  }

  /// Whether the call changes something, so that its user must be an editor.
  var changes: Bool {
    switch self {
    case .schedules, .facets, .schedule, .explanation, .runs, .system, .doctor, .activity, .openAPI: false
    // A check stores nothing; it is the first step of an edit.
    case .check, .create, .save, .delete, .run, .rename, .enable, .bulk: true
    }
  }

  /// Throws: no such path, another method, or a malformed id.
  init(_ call: APICall) throws(APIProblem) {
    let path = call.path.last == "" ? Array(call.path.dropLast()) : call.path
    let methods = Self.methods(of: path)
    guard !methods.isEmpty else {
      let shown = Cut.end(path.joined(separator: "/").printable, to: Cut.argumentWidth)
      throw APIProblem(.notFound, "the API has no /api/v1/\(shown): /api/v1/openapi.json lists what it has")
    }
    // A HEAD is a GET whose body is not sent.
    let method = call.method == "HEAD" ? "GET" : call.method
    guard methods.contains(method) else {
      var problem = APIProblem(
        .methodNotAllowed,
        "\(Cut.argument(call.method)) is no method of this path, which has \(methods.joined(separator: ", "))")
      problem.allowed = methods
      throw problem
    }
    switch (path.count, path.first) {
    case (1, "schedules"): self = method == "GET" ? .schedules : .create
    case (1, "facets"): self = .facets
    case (1, "runs"): self = .runs(nil)
    case (1, "system"): self = .system
    case (1, "openapi.json"): self = .openAPI
    case (1, "check"): self = .check
    case (1, "bulk"): self = .bulk
    case (2, "system"): self = path[1] == "doctor" ? .doctor : .activity
    case (2, _):
      let name = try Self.name(path[1])
      self = method == "GET" ? .schedule(name) : method == "PUT" ? .save(name) : .delete(name)
    default:
      let name = try Self.name(path[1])
      switch path[2] {
      case "explanation": self = .explanation(name)
      case "runs": self = .runs(name)
      case "run": self = .run(name)
      case "rename": self = .rename(name)
      case "enable": self = .enable(name, true)
      default: self = .enable(name, false)
      }
    }
  }

  /// The methods that a path has; empty: there is no such path.
  private static func methods(of path: [String]) -> [String] {
    switch (path.count, path.first) {
    case (1, "schedules"): ["GET", "POST"]
    case (1, "facets"), (1, "runs"), (1, "system"), (1, "openapi.json"): ["GET"]
    case (1, "check"), (1, "bulk"): ["POST"]
    case (2, "system"): ["doctor", "activity"].contains(path[1]) ? ["GET"] : []
    case (2, "schedules"): ["DELETE", "GET", "PUT"]
    case (3, "schedules"):
      switch path[2] {
      case "explanation", "runs": ["GET"]
      case "run", "rename", "enable", "disable": ["POST"]
      default: []
      }
    default: []
    }
  }

  private static func name(_ id: String) throws(APIProblem) -> EntryName {
    guard let name = ScheduleID.name(of: id) else {
      throw APIProblem(
        .badRequest, "\(Cut.argument(id)) is no schedule's id: an id is the base64url of the name, without padding")
    }
    return name
  }

  /// Throws: the user may not make the call.
  func require(_ role: WebRole?) throws(APIProblem) {
    guard let role else { throw APIProblem(.unauthorized, "log in first") }
    guard !changes || role == .editor else { throw APIProblem(.forbidden, "this user may look, and change nothing") }
  }
}
