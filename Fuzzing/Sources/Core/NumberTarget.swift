@testable import BeatCore

extension FuzzTarget {
  /// A document's number. The input is a whole number (8 bytes), then a text.
  static let number = FuzzTarget(
    "number",
    words: [
      "NaN", "Infinity", "-Infinity", "e+", "E-", "e308", "e-324", ".", "-", "0.", "1e400", "9223372036854775807",
      "9223372036854775808", "0.000001", "253402300799.999999",
    ],
    seeds: {
      [
        "0", "-0", "5", "5.0", "1.5", "-1.000001", "1e5", "1E-7", "NaN", "-Infinity", "9223372036854775807",
        "0.1234567", "1e22",
        "9223372036854.775807", "123456789012345678901234567890", "4503599627370497.5", "0.00000049999999999999999999",
      ].enumerated().map { index, text in
        (0..<8).map { UInt8(truncatingIfNeeded: index * 53 * ($0 + 1)) } + Array(text.utf8)
      }
    },
    check: { bytes in
      var input = FuzzInput(bytes)
      let whole = input.integer()
      for value in [whole, whole % 1_000_000_000_000_000] {
        let seconds = DocumentNumber.seconds(value)
        guard let number = DocumentNumber(text: seconds, form: .json) else {
          throw BrokenProperty("\(value) microseconds are written as \(seconds), which is no number")
        }
        try hold(
          number.microseconds(perUnit: 1_000_000) == value,
          "\(value) microseconds, written as \(seconds), are read as \(number.microseconds(perUnit: 1_000_000) ?? 0)")
        for form in [
          DocumentNumber.Form.json, .dollar(key: "$numberLong"), .shellCall(name: "NumberLong", quoted: true),
          .shellCall(name: "NumberInt", quoted: false),
        ] { try holdForm(value, form) }
      }
      let text = String(decoding: input.rest, as: UTF8.self)
      guard let number = DocumentNumber(text: text, form: .json) else { return }
      let repr = PythonRepr.number(text)
      try hold(!repr.isEmpty && repr.utf8.count <= max(400, text.utf8.count), "\(text) is \(repr) in Python")
      if PythonRepr.isOwnRepr(ArraySlice(text.utf8)) {
        try hold(repr == text, "\(text) is \(repr) in Python, and not as it stands")
      }
      if let integer = number.integer, let double = number.double {
        try hold(Double(integer) == double, "\(text) is \(integer) and \(double)")
      }
      for unit: Int64 in [1_000, 1_000_000] {
        guard let scaled = number.microseconds(perUnit: unit), let double = number.double else { continue }
        let error = (Double(scaled) - double * Double(unit)).magnitude
        try hold(error <= 1 + (double * Double(unit)).magnitude * 1e-15, "\(text) times \(unit) is \(scaled)")
      }
      for period in Period.allCases {
        guard let double = number.double, let microseconds = try? Interval.microseconds(every: double, period: period)
        else {
          continue
        }
        try hold(microseconds > 0 && microseconds <= Interval.longest, "every \(text) \(period) is \(microseconds)")
      }
    })

  private static func holdForm(_ value: Int64, _ form: DocumentNumber.Form) throws {
    let document = Array("{\"n\": \(DocumentNumber.text(value, in: form))}".utf8)
    guard let slice = try DocumentLayout(document).value("n"), let read = DocumentNumber(slice, in: document) else {
      throw BrokenProperty("\(value), written in the form \(form), is no number")
    }
    try hold(DocumentNumber.Form(slice, in: document) == form, "the form \(form) is not seen without reading \(value)")
    let bytes = DocumentNumber.utf8(value, in: form)
    try hold(bytes.elementsEqual(DocumentNumber.text(value, in: form).utf8), "\(value) is written in two ways")
    try hold(read.integer == value && read.form == form, "\(value), written in the form \(form), is read as \(read)")
  }
}
