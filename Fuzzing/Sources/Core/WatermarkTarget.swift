@testable import BeatCore

extension FuzzTarget {
  /// A watermark as Redis stores it.
  static let watermark = FuzzTarget(
    "mark", words: ["00001772452800000001", "|", "-", "+", "9223372036854775807", "09223372036854775807"],
    seeds: {
      [
        "00001772452800000001|2ed6657d-e927-568b-95e1-2665a8aea6a2|17", "00000000000000000000||0",
        "00001772452800000001|2ed6657d-e927-568b-95e1-2665a8aea6a2|17|0a1b2c3d", "00001772452800000001||0|ffffffff",
        "09223372036854775807|x|9223372036854775807",
      ].map { Array($0.utf8) }
    },
    check: { bytes in
      guard let watermark = Watermark(bytes) else { return }
      try hold(watermark.due.microseconds >= 0 && watermark.totalRunCount >= 0, "a watermark of \(watermark)")
      try hold(
        Watermark(watermark.bytes) == watermark,
        "\(watermark) is written as \(String(decoding: watermark.bytes, as: UTF8.self))")
      // The scripts compare watermarks as text.
      try hold(watermark.bytes.starts(with: bytes.prefix(20)), "the time is written otherwise")
      let digits = Array(Watermark.digits(watermark.due).utf8)
      try hold(digits.count == 20 && watermark.bytes.starts(with: digits), "digits that are not 20")
    })

  static let core: [FuzzTarget] = [
    document, json, splice, crontab, zone, footer, date, number, watermark, importFile, redBeat,
  ]
}
