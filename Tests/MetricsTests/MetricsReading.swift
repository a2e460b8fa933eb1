@testable import ReactiveBeat

/// Metrics as a strict reader takes them. It refuses what Prometheus' own readers would let pass: blank lines, an order
/// other than HELP, TYPE, UNIT, samples; a family or a sample that comes twice; a suffix that the type does not have.
struct MetricsReading {
  struct Problem: Error, CustomStringConvertible {
    let description: String
    init(_ problem: String, _ line: some StringProtocol) { description = "\(problem): \(line)" }
  }

  struct Sample: Equatable {
    var name: String
    var labels: [String: String]
    var value: Double
  }

  struct Family {
    var name: String
    var help: String
    var type = ""
    var unit: String?
    var samples: [Sample] = []
  }

  private(set) var families: [Family] = []
  private let format: MetricsFormat
  private var known: Set<String> = []
  private var series: Set<String> = []
  private var isOver = false

  init(_ bytes: [UInt8], _ format: MetricsFormat) throws {
    self.format = format
    guard let text = String(validating: bytes, as: UTF8.self) else { throw Problem("no UTF-8", "") }
    guard text.last == "\n" else { throw Problem("no line feed at the end", text.suffix(40)) }
    for line in text.dropLast().split(separator: "\n", omittingEmptySubsequences: false) { try take(line) }
    try endFamily()
    if isOver != (format == .openMetrics) { throw Problem("# EOF", isOver ? "there" : "missing") }
  }

  /// The value of one sample; nil: there is none.
  func value(_ name: String, _ labels: [String: String] = [:]) -> Double? {
    for family in families {
      if let sample = family.samples.first(where: { $0.name == name && $0.labels == labels }) { return sample.value }
    }
    return nil
  }

  // MARK: lines

  private mutating func take(_ line: Substring) throws {
    if isOver { throw Problem("behind the end", line) }
    guard line.hasPrefix("#") else { return try takeSample(line) }
    if line == "# EOF", format == .openMetrics { return isOver = true }
    let words = line.split(separator: " ", maxSplits: 3, omittingEmptySubsequences: false)
    guard words.count == 4, words[0] == "#", !words[3].isEmpty else { throw Problem("no comment of ours", line) }
    let name = String(words[2])
    guard Self.isName(name) else { throw Problem("no name", line) }
    switch words[1] {
    case "HELP":
      try endFamily()
      guard known.insert(name).inserted else { throw Problem("a family that comes twice", line) }
      families.append(Family(name: name, help: try unescaped(words[3], quotes: format == .openMetrics, line)))
    case "TYPE":
      guard families.last?.name == name, families.last?.type == "" else { throw Problem("TYPE at a wrong place", line) }
      var types = ["counter", "gauge", "histogram"]
      if format == .openMetrics { types.append("info") }
      guard types.contains(String(words[3])) else { throw Problem("an unknown type", line) }
      families[families.count - 1].type = String(words[3])
    case "UNIT":
      guard format == .openMetrics, let family = families.last, family.name == name, family.type != "",
        family.unit == nil, family.samples.isEmpty, name.hasSuffix("_\(words[3])")
      else { throw Problem("UNIT at a wrong place", line) }
      families[families.count - 1].unit = String(words[3])
    default: throw Problem("no comment of ours", line)
    }
  }

  private mutating func takeSample(_ line: Substring) throws {
    guard let family = families.last, family.type != "" else { throw Problem("a sample without a family", line) }
    var rest = line
    let name = String(rest.prefix { $0 != "{" && $0 != " " })
    rest = rest.dropFirst(name.count)
    var labels: [String: String] = [:]
    if rest.first == "{" {
      rest = rest.dropFirst()
      while true {
        let label = String(rest.prefix { $0 != "=" })
        rest = rest.dropFirst(label.count)
        guard Self.isName(label), !label.contains(":"), rest.hasPrefix("=\"") else { throw Problem("a label", line) }
        rest = rest.dropFirst(2)
        let length = try Self.quoted(rest, line)
        guard labels.updateValue(try unescaped(rest.prefix(length), quotes: true, line), forKey: label) == nil else {
          throw Problem("a label that comes twice", line)
        }
        rest = rest.dropFirst(length + 1)
        if rest.first == "}" { break }
        guard rest.first == "," else { throw Problem("no comma between labels", line) }
        rest = rest.dropFirst()
      }
      rest = rest.dropFirst()
    }
    guard rest.first == " ", let value = Self.number(rest.dropFirst()) else { throw Problem("no value", line) }
    guard Self.suffixes(family, format).contains(where: { family.name + $0 == name }) else {
      throw Problem("a sample of another family", line)
    }
    guard family.type == "gauge" || value >= 0 else { throw Problem("a negative count", line) }
    let key = name + labels.sorted { $0.key < $1.key }.map { "\u{0}\($0.key)\u{0}\($0.value)" }.joined()
    guard series.insert(key).inserted else { throw Problem("a sample that comes twice", line) }
    families[families.count - 1].samples.append(Sample(name: name, labels: labels, value: value))
  }

  /// The suffixes of the family's samples.
  private static func suffixes(_ family: Family, _ format: MetricsFormat) -> [String] {
    switch family.type {
    case "counter" where format == .openMetrics: ["_total"]
    case "counter": family.name.hasSuffix("_total") ? [""] : []
    case "histogram": ["_bucket", "_sum", "_count"]
    case "info": ["_info"]
    default: [""]
    }
  }

  /// Checks the buckets of each histogram: they rise, and the last counts all.
  private func endFamily() throws {
    guard let family = families.last, family.type == "histogram" else { return }
    var rest = family.samples[...]
    while let first = rest.first {
      var labels = first.labels
      labels["le"] = nil
      let own = rest.prefix { sample in sample.labels.filter { $0.key != "le" } == labels }
      rest = rest.dropFirst(own.count)
      let buckets = own.filter { $0.name == family.name + "_bucket" }
      let bounds = buckets.map { $0.labels["le"] == "+Inf" ? .infinity : Double($0.labels["le"] ?? "") ?? .nan }
      guard bounds.last == .infinity, zip(bounds, bounds.dropFirst()).allSatisfy({ $0 < $1 }),
        zip(buckets, buckets.dropFirst()).allSatisfy({ $0.value <= $1.value }),
        own.dropFirst(buckets.count).map(\.name) == [family.name + "_sum", family.name + "_count"],
        own.last?.value == buckets.last?.value
      else { throw Problem("a histogram's buckets", family.name) }
      if format == .openMetrics,
        !buckets.allSatisfy({ $0.labels["le"]?.contains(where: { $0 == "." || $0 == "I" }) ?? false })
      {
        throw Problem("a bucket whose bound is no float", family.name)
      }
    }
  }

  // MARK: parts of a line

  private static func isName(_ name: String) -> Bool {
    guard let first = name.utf8.first, !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else { return false }
    return name.unicodeScalars.allSatisfy {
      $0.isASCII && ($0.properties.isAlphabetic || "0123456789_:".unicodeScalars.contains($0))
    }
  }

  /// The length of a label's value, up to the quote that ends it.
  private static func quoted(_ text: Substring, _ line: Substring) throws -> Int {
    var isEscaped = false
    for (length, character) in text.enumerated() {
      if isEscaped {
        isEscaped = false
      } else if character == "\\" {
        isEscaped = true
      } else if character == "\"" {
        return length
      }
    }
    throw Problem("no quote at the end", line)
  }

  private func unescaped(_ text: Substring, quotes: Bool, _ line: Substring) throws -> String {
    var result = ""
    var rest = text[...]
    while let character = rest.popFirst() {
      if character == "\"", quotes { throw Problem("a quote that is not escaped", line) }
      guard character == "\\" else {
        result.append(character)
        continue
      }
      switch rest.popFirst() {
      case "\\": result += "\\"
      case "n": result += "\n"
      case "\"" where quotes: result += "\""
      default: throw Problem("an unknown escape", line)
      }
    }
    return result
  }

  private static func number(_ text: Substring) -> Double? {
    let digits = text.hasPrefix("-") ? text.dropFirst() : text
    let parts = digits.split(separator: ".", omittingEmptySubsequences: false)
    let isNumber =
      (1...2).contains(parts.count)
      && parts.allSatisfy { part in
        !part.isEmpty && part.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
      }
    return isNumber ? Double(String(text)) : nil
  }
}
