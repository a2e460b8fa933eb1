/// Writes metrics in one of the text formats: families one after the other, and after each the samples that belong to it.
///
/// It adds the suffixes that a kind has: the names that are given to it have none.
package struct MetricsText {
  package enum Kind {
    case counter
    case gauge
    case histogram
    /// Facts in labels, with the value 1.
    case info
  }

  package enum Unit: String {
    case seconds, bytes
  }

  package typealias Label = (name: String, value: String)

  package let format: MetricsFormat
  package private(set) var bytes: [UInt8] = []
  /// The name of the present family's samples.
  private var name: [UInt8] = []

  package init(_ format: MetricsFormat, capacity: Int = 16_384) {
    self.format = format
    bytes.reserveCapacity(capacity)
  }

  // MARK: families

  /// Begins a family.
  ///
  /// - Parameters:
  ///   - family: the name without `_total` or `_info`. It ends with its unit, if it has one.
  ///   - help: one sentence or several, for people.
  package mutating func begin(_ family: String, _ kind: Kind, _ help: String, unit: Unit? = nil) {
    name = Array(family.utf8)
    switch kind {
    case .counter: name += Array("_total".utf8)
    case .info: name += Array("_info".utf8)
    case .gauge, .histogram: break
    }
    // OpenMetrics names the family without the suffix of its samples.
    let title = format == .openMetrics ? Array(family.utf8) : name
    line("HELP", title)
    // Only OpenMetrics has a quote escaped there.
    Self.escape(help.utf8, into: &bytes, quotes: format == .openMetrics)
    bytes.append(UInt8(ascii: "\n"))
    line("TYPE", title)
    bytes += type(of: kind).utf8
    bytes.append(UInt8(ascii: "\n"))
    guard format == .openMetrics, let unit else { return }
    line("UNIT", title)
    bytes += unit.rawValue.utf8
    bytes.append(UInt8(ascii: "\n"))
  }

  private mutating func line(_ word: String, _ title: [UInt8]) {
    bytes += "# ".utf8
    bytes += word.utf8
    bytes.append(UInt8(ascii: " "))
    bytes += title
    bytes.append(UInt8(ascii: " "))
  }

  private func type(of kind: Kind) -> String {
    switch kind {
    case .counter: "counter"
    case .gauge: "gauge"
    case .histogram: "histogram"
    case .info: format == .openMetrics ? "info" : "gauge"
    }
  }

  // MARK: samples

  /// - Parameter label: the only one of the sample; nil: it has none.
  package mutating func sample(_ value: Int, _ label: Label? = nil) {
    open(label)
    close(value)
  }

  package mutating func sample(_ value: Int, _ labels: [Label]) {
    bytes += name
    for (index, label) in labels.enumerated() { put(label, isFirst: index == 0) }
    if !labels.isEmpty { bytes.append(UInt8(ascii: "}")) }
    close(value)
  }

  /// - Parameter microseconds: the value, which is written in seconds.
  package mutating func sample(microseconds: Int64, _ label: Label? = nil) {
    open(label)
    close(microseconds: microseconds)
  }

  /// - Parameter escaped: the label's value, as `escaped` returns it.
  mutating func sample(_ value: Int, _ label: String, escaped: [UInt8]) {
    open(label, escaped)
    close(value)
  }

  mutating func sample(microseconds: Int64, _ label: String, escaped: [UInt8]) {
    open(label, escaped)
    close(microseconds: microseconds)
  }

  /// The samples of one histogram.
  mutating func samples(_ histogram: Histogram, _ label: Label? = nil) {
    var below = 0
    for (index, count) in histogram.counts.enumerated() {
      below += count
      bytes += name
      bytes += "_bucket".utf8
      if let label { put(label, isFirst: true) }
      bytes += (label == nil ? #"{le=""# : #",le=""#).utf8
      if index < histogram.bounds.count {
        put(microseconds: histogram.bounds[index], isFloat: format == .openMetrics)
      } else {
        bytes += "+Inf".utf8
      }
      bytes += #""}"#.utf8
      close(below)
    }
    suffix("_sum", label)
    close(microseconds: histogram.sum)
    suffix("_count", label)
    close(below)
  }

  private mutating func suffix(_ suffix: String, _ label: Label?) {
    bytes += name
    bytes += suffix.utf8
    guard let label else { return }
    put(label, isFirst: true)
    bytes.append(UInt8(ascii: "}"))
  }

  private mutating func open(_ label: Label?) {
    bytes += name
    guard let label else { return }
    put(label, isFirst: true)
    bytes.append(UInt8(ascii: "}"))
  }

  private mutating func open(_ label: String, _ escaped: [UInt8]) {
    bytes += name
    bytes.append(UInt8(ascii: "{"))
    bytes += label.utf8
    bytes += #"=""#.utf8
    bytes += escaped
    bytes += #""}"#.utf8
  }

  private mutating func put(_ label: Label, isFirst: Bool) {
    bytes.append(UInt8(ascii: isFirst ? "{" : ","))
    bytes += label.name.utf8
    bytes += #"=""#.utf8
    Self.escape(label.value.utf8, into: &bytes, quotes: true)
    bytes.append(UInt8(ascii: "\""))
  }

  private mutating func close(_ value: Int) {
    bytes.append(UInt8(ascii: " "))
    bytes += String(value).utf8
    bytes.append(UInt8(ascii: "\n"))
  }

  private mutating func close(microseconds: Int64) {
    bytes.append(UInt8(ascii: " "))
    put(microseconds: microseconds, isFloat: false)
    bytes.append(UInt8(ascii: "\n"))
  }

  /// Writes seconds with the digits that they need.
  ///
  /// - Parameter isFloat: a whole number has a point, too, as OpenMetrics wants it of a bucket's bound.
  private mutating func put(microseconds: Int64, isFloat: Bool) {
    if microseconds < 0 { bytes.append(UInt8(ascii: "-")) }
    let (whole, rest) = microseconds.magnitude.quotientAndRemainder(dividingBy: 1_000_000)
    bytes += String(whole).utf8
    guard rest > 0 else { return bytes += (isFloat ? ".0" : "").utf8 }
    bytes.append(UInt8(ascii: "."))
    var (digits, place) = (rest, UInt64(100_000))
    while digits > 0 {
      bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: digits / place))
      digits %= place
      place /= 10
    }
  }

  /// Ends the text.
  package mutating func end() { if format == .openMetrics { bytes += "# EOF\n".utf8 } }

  // MARK: escaping

  /// A label's value, escaped.
  static func escaped(_ value: String) -> [UInt8] {
    var bytes: [UInt8] = []
    escape(value.utf8, into: &bytes, quotes: true)
    return bytes
  }

  private static func escape(_ text: String.UTF8View, into bytes: inout [UInt8], quotes: Bool) {
    for byte in text {
      switch byte {
      case UInt8(ascii: "\\"): bytes += #"\\"#.utf8
      case UInt8(ascii: "\n"): bytes += #"\n"#.utf8
      case UInt8(ascii: "\"") where quotes: bytes += #"\""#.utf8
      default: bytes.append(byte)
      }
    }
  }
}
