import BeatRedis

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

  /// An item of the outbox: it must be read back byte for byte.
  static let outbox = FuzzTarget(
    "outbox",
    words: [
      "1:1,", "36:5f8bd2a1-8f0c-5d5e-9f3a-0c1d2e3f4a5b,", "5:queue,", "8:exchange,", "1:0,", "2:-1,", "0:,", "2:{},",
      ":", ",",
    ],
    seeds: {
      [
        "1:1,36:5f8bd2a1-8f0c-5d5e-9f3a-0c1d2e3f4a5b,5:queue,6:celery,1:9,2:{},",
        "1:1,1:x,8:exchange,4:news,3:a.b,2:-1,0:,",
      ].map { Array($0.utf8) }
    },
    check: { bytes in
      guard let item = OutboxItem(bytes) else { return }
      try hold(item.bytes == bytes, "\(item) is written otherwise than it was read")
      try hold(OutboxItem(bytes + [0x2C]) == nil, "an item with a byte more is one too")
    })

  static let core: [FuzzTarget] = [
    document, json, splice, crontab, zone, footer, date, number, keys, watermark, outbox,
    importFile, redBeat,
  ]
}
