import BeatCore

/// What a list shows of the index, and in which order.
struct ListQuery: Sendable {
  enum Key: String, Sendable, CaseIterable {
    case name, task, state, next, late, count
    case lastRun = "last_run"
  }

  static let mostItems = 200
  /// A page behind it shows nothing anyhow.
  static let largestOffset = 100_000_000
  /// The most words of a search.
  static let mostWords = 16

  /// The words that must occur, with folded case.
  var words: [[UInt8]] = []
  /// Empty: all.
  var states: Set<ScheduleRow.State> = []
  var task: String?
  var queue: String?
  var owner: String?
  /// Microseconds.
  var dueWithin: Int64?
  var key = Key.name
  var isReversed = false
  var offset = 0
  var limit = 100

  init() {}

  init(_ call: APICall) throws(APIProblem) {
    let parameters = try APIParameters(
      call, known: ["search", "state", "task", "queue", "owner", "due_within", "sort", "offset", "limit"])
    words = SearchText.words(try parameters.text("search") ?? "")
    guard words.count <= Self.mostWords else {
      throw APIProblem(.badRequest, "search has \(words.count) words, and at most \(Self.mostWords) are allowed")
    }
    for word in (try parameters.text("state") ?? "").split(separator: ",") {
      guard let state = ScheduleRow.State(word: String(word)) else {
        let all = ScheduleRow.State.allCases.map(\.word).joined(separator: ", ")
        throw APIProblem(.badRequest, "state: \(Cut.argument(String(word))) is none of \(all)")
      }
      states.insert(state)
    }
    task = try parameters.text("task", atMost: 2 * Limit.taskLength.most)
    queue = try parameters.text("queue")
    owner = try parameters.text("owner")
    dueWithin = try parameters.seconds("due_within")
    if let sort = try parameters.text("sort") {
      isReversed = sort.hasPrefix("-")
      guard let key = Key(rawValue: String(isReversed ? sort.dropFirst() : sort[...])) else {
        let all = Key.allCases.map(\.rawValue).sorted().joined(separator: ", ")
        throw APIProblem(.badRequest, "sort=\(Cut.argument(sort)): expected \(all), or one of them behind a \"-\"")
      }
      self.key = key
    }
    offset = try parameters.number("offset", in: 0...Self.largestOffset, default: 0)
    limit = try parameters.number("limit", in: 1...Self.mostItems, default: 100)
  }
}
