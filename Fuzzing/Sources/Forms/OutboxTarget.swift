@testable import BeatCore
@testable import BeatRedis

extension FuzzTarget {
  /// An item of the outbox: read back byte for byte.
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

  /// What is written into Redis by our own rules or by kombu's.
  static let forms: [FuzzTarget] = [keys, outbox, message]
}
