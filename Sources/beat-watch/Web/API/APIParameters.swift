import BeatCore

/// The parameters of a call's query, each of which is read once.
struct APIParameters {
  private let values: [String: String]

  /// Throws: a parameter is unknown, or comes twice.
  init(_ call: APICall, known: Set<String>) throws(APIProblem) {
    var values: [String: String] = [:]
    for (name, value) in call.query {
      guard known.contains(name) else {
        let list = known.isEmpty ? "it takes none" : "it takes \(known.sorted().joined(separator: ", "))"
        throw APIProblem(.badRequest, "\(Cut.argument(name)) is no parameter of this call: \(list)")
      }
      guard values.updateValue(value, forKey: name) == nil else {
        throw APIProblem(.badRequest, "the parameter \(name) comes more than once")
      }
    }
    self.values = values
  }

  /// A parameter's text; nil: it is absent or empty.
  func text(_ name: String, atMost most: Int = 1_024) throws(APIProblem) -> String? {
    guard let value = values[name], !value.isEmpty else { return nil }
    guard value.utf8.count <= most else {
      throw APIProblem(
        .badRequest, "\(name) has \(Plural.of(value.utf8.count, "byte")), and at most \(most) are allowed")
    }
    return value
  }

  func number(_ name: String, in range: ClosedRange<Int>, default fallback: Int) throws(APIProblem) -> Int {
    guard let value = values[name], !value.isEmpty else { return fallback }
    guard value.utf8.count <= 18, let number = Int(value), range.contains(number) else {
      throw APIProblem(
        .badRequest,
        "\(name)=\(Cut.argument(value)): expected a whole number in \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  /// Seconds, as microseconds.
  func seconds(_ name: String) throws(APIProblem) -> Int64? {
    guard let value = values[name], !value.isEmpty else { return nil }
    guard value.utf8.count <= 18, let seconds = Double(value), (0...1_000_000_000).contains(seconds) else {
      throw APIProblem(.badRequest, "\(name)=\(Cut.argument(value)): expected seconds, 0 to 1000000000")
    }
    return Int64((seconds * 1_000_000).rounded())
  }
}
