/// A crontab field's value as found in a JSON document.
package enum CrontabFieldValue: Hashable, Sendable {
  case number(Int64)
  case text(String)
  case list([CrontabFieldValue])
}

/// One of the fields of a crontab: its name and its range.
struct CrontabField: Sendable {
  /// The name of the field in documents.
  let name: String
  let lowest: Int
  let count: Int
  /// What the field counts, for messages: "hour" of "restarts each hour".
  let cycle: String
  let everything: CrontabSet

  init(name: String, lowest: Int, count: Int, cycle: String) {
    (self.name, self.lowest, self.count, self.cycle) = (name, lowest, count, cycle)
    var set = CrontabSet()
    for number in lowest..<(lowest + count) { set.insert(number) }
    everything = set
  }

  var highest: Int { lowest + count - 1 }

  static let minute = CrontabField(name: "minute", lowest: 0, count: 60, cycle: "hour")
  static let hour = CrontabField(name: "hour", lowest: 0, count: 24, cycle: "day")
  static let dayOfWeek = CrontabField(name: "day_of_week", lowest: 0, count: 7, cycle: "week")
  static let dayOfMonth = CrontabField(name: "day_of_month", lowest: 1, count: 31, cycle: "month")
  static let monthOfYear = CrontabField(name: "month_of_year", lowest: 1, count: 12, cycle: "year")
  static let dayOfYear = CrontabField(name: "day_of_year", lowest: 1, count: 366, cycle: "year")

  /// The numbers a value stands for; nil is `*`. Never empty. Remarks go to `warnings`.
  func numbers(of value: CrontabFieldValue?, warnings: inout CrontabWarnings) throws(CrontabError) -> CrontabSet {
    switch value {
    case nil: return everything
    case .number(let number):
      var set = CrontabSet()
      set.insert(try inRange(number))
      return set
    case .text("*"): return everything
    case .text(let text): return try CrontabFieldParser(field: self).parse(text, warnings: &warnings)
    case .list(let elements):
      var set = CrontabSet()
      for element in elements {
        guard case .number(let number) = element else {
          throw error("a list may hold whole numbers only; write the field as one text, such as \"mon,wed\"")
        }
        set.insert(try inRange(number))
      }
      guard !set.isEmpty else { throw error("the list is empty, so it would never run; use \"*\" for every value") }
      return set
    }
  }

  func inRange(_ number: Int64) throws(CrontabError) -> Int {
    guard number >= lowest, number <= highest else {
      var hint = ""
      if name == Self.dayOfWeek.name, number == 7 { hint = "; Sunday is 0" }
      throw error("\(number == .max ? "the number" : String(number)) is out of range \(lowest)-\(highest)\(hint)")
    }
    return Int(number)
  }

  func error(_ message: String) -> CrontabError { CrontabError(field: name, message: message) }
}

/// A set of numbers from 0 to 511: room for every field, without an allocation.
struct CrontabSet: Hashable, Sendable {
  private(set) var words = SIMD8<UInt64>()

  mutating func insert(_ number: Int) {
    guard (0..<512).contains(number) else { return }
    words[number >> 6] |= 1 << UInt64(number & 63)
  }

  mutating func formUnion(_ other: CrontabSet) { words |= other.words }

  var isEmpty: Bool { words == SIMD8<UInt64>() }

  func contains(_ number: Int) -> Bool {
    (0..<512).contains(number) && words[number >> 6] >> UInt64(number & 63) & 1 == 1
  }
}

/// Remarks on a crontab that is accepted as Celery accepts it but surely means something else. Bounded.
struct CrontabWarnings {
  private(set) var list: [String] = []
  private static let limit = 16

  mutating func add(_ field: CrontabField?, _ message: String) {
    let line = field.map { "\($0.name): \(message)" } ?? message
    guard list.count < Self.limit, !list.contains(line) else { return }
    list.append(line)
  }
}
