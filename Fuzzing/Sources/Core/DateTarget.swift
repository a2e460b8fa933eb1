@testable import BeatCore

extension FuzzTarget {
  /// Dates. The input is an instant (8 bytes), then a JSON value and a text.
  static let date = FuzzTarget(
    "date",
    words: [
      "0001-01-01", "9999-12-31", "T23:59:59.999999", "+00:00", "-23:59", "+23:59", "Z", "z", " ", "T", "t", ",", ".",
      "-02-29",
      "2024", "1900", "2000", "{\"$date\": ", "{\"$numberLong\": \"", "\"}", "}", "ISODate(\"", "\")", "Date(\"",
      "253402300799.999999",
      "{\"__type__\": \"datetime\", \"year\": ", ", \"month\": ", ", \"day\": ", ", \"microsecond\": ", "1e10",
      "-62135596800", "+12345",
    ],
    seeds: {
      let texts = [
        "2014-08-30T08:10:06Z", "2014-08-30 08:10:06.123456+02:00", "2014-08-30", "2014-08-30T08:10-0730",
        "0001-01-01T00:00:00-05",
        "9999-12-31T23:59:59,999999+14:00", "2024-02-29t23:59z", "1969-12-31T23:59:59.9999999",
      ]
      let values =
        texts.flatMap { ["\"\($0)\"", "ISODate(\"\($0)\")", "{\"$date\":\"\($0)\"}", "Date(\"\($0)\")"] } + [
          "1409386206.123456", "-0.5", "253402300799.999999", "{\"$date\": 1409386206123}",
          "{\"$date\":{\"$numberLong\":\"-5\"}}", "1e9",
          #"{"__type__": "datetime", "year": 9999, "month": 12, "day": 31, "hour": 23, "minute": 59, "second": 59, "microsecond": 999999}"#,
          #"{"__type__":"datetime","year":2024,"month":2,"day":29,"timezone":"UTC"}"#, "NumberLong(5)",
        ]
      return values.enumerated().map { index, value in
        (0..<8).map { UInt8(truncatingIfNeeded: index * 37 * ($0 + 1)) }
          + Array("\(value)\n\(texts[index % texts.count])".utf8)
      }
    },
    check: { bytes in
      var input = FuzzInput(bytes)
      let instant = UnixTime(microseconds: input.integer())
      try holdInstant(instant)
      try holdInstant(UnixTime(microseconds: instant.microseconds % 253_402_300_800_000_000))
      try holdValue(
        input.line(),
        dues: [
          instant.clamped, UnixTime(microseconds: instant.microseconds % 5_000_000_000_000_000), .latest, .earliest,
        ])
      let text = String(decoding: input.rest, as: UTF8.self)
      if let read = UnixTime(iso8601: text) {
        try hold((UnixTime.earliest...UnixTime.latest).contains(read), "\(text) is read as \(read)")
        try holdInstant(read)
      }
    })

  /// Holds that an instant survives being taken apart and put together, and that its text reads back where years have
  /// four digits.
  private static func holdInstant(_ instant: UnixTime) throws {
    let civil = CivilTime(utc: instant)
    let text = instant.iso8601
    let isInside = instant >= .earliest && instant <= .latest
    try hold(
      (1...12).contains(civil.month) && (1...31).contains(civil.day) && (0...23).contains(civil.hour)
        && (0...59).contains(civil.minute) && (0...59).contains(civil.second)
        && (0...999_999).contains(civil.microsecond)
        && (0...6).contains(civil.dayOfWeek) && (1...366).contains(civil.dayOfYear),
      "\(instant.microseconds) is \(civil)")
    // The very first second is not a whole one, so that its instant saturates.
    try hold(
      civil.instant(utcOffset: 0) == instant || instant.microseconds < .min + 1_000_000,
      "\(instant.microseconds) is \(civil), which is another instant")
    try hold((UnixTime(iso8601: text) == instant) == isInside, "\(instant.microseconds) is printed as \(text)")
    let next = CivilTime(utc: instant.advanced(by: 1))
    try hold(instant.microseconds == .max || civil < next, "\(civil) comes after \(next)")
    let checked = CivilTime(
      year: civil.year, month: civil.month, day: civil.day, hour: civil.hour, minute: civil.minute,
      second: civil.second,
      microsecond: civil.microsecond)
    try hold((checked != nil) == isInside, "\(civil) is \(isInside ? "refused" : "accepted")")
  }

  /// Holds that a document's date is written in its own form, and reads back.
  private static func holdValue(_ value: [UInt8], dues: [UnixTime]) throws {
    let document = Array("{\"d\": ".utf8) + value + Array("}".utf8)
    guard let layout = try? DocumentLayout(document), let slice = layout.value("d") else { return }
    guard let date = DocumentDate(slice, in: document) else { return }
    try hold((UnixTime.earliest...UnixTime.latest).contains(date.instant), "read as \(date.instant)")
    try hold(DocumentDate.Form(slice, in: document) == date.form, "\(date.form) is not seen without reading the date")
    for due in dues + [date.instant] {
      let text = DocumentDate.text(due, in: date.form)
      let again = Array("{\"d\": \(text)}".utf8)
      guard let slice = try DocumentLayout(again).value("d"), let read = DocumentDate(slice, in: again) else {
        throw BrokenProperty("\(due.microseconds) is written as \(text), which is no date")
      }
      let isInMilliseconds = date.form == .dollarDateMilliseconds || date.form == .dollarDateNumberLong
      let expected = isInMilliseconds ? due.microseconds / 1000 * 1000 : due.microseconds
      try hold(
        read.instant.microseconds == expected,
        "\(due.microseconds), written as \(text), is \(read.instant.microseconds)")
      try hold(DocumentDate.text(due, in: read.form) == text, "\(text) is of another form when it is read again")
    }
  }
}
