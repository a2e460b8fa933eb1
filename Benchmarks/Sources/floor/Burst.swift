import Wire

/// As many scripts as there are schedules due, with the commands and the bytes of a fire and no thought: compare the
/// document, push the message, write the document back. Two windows are on their way at any time.
struct Burst {
  private static let window = 256
  private static let script = """
    if redis.call('GET', KEYS[1]) ~= ARGV[1] then return redis.error_reply('another document') end \
    redis.call('LPUSH', KEYS[2], ARGV[3]) redis.call('SET', KEYS[1], ARGV[2]) return 1
    """

  private let redis: Connection
  private let queue: String
  private let old: String
  private let new: String
  private let message: String
  private let digest: String

  init(_ redis: Connection, queue: String, documentSize: Int, messageSize: Int) {
    self.redis = redis
    self.queue = queue
    old = String(repeating: "o", count: documentSize)
    new = String(repeating: "n", count: documentSize)
    message = String(repeating: "m", count: messageSize)
    digest = redis.call("SCRIPT", "LOAD", Self.script)[0]
  }

  func run(_ count: Int) {
    send(windows(count) { Connection.encoded(["SET", "floor:\($0)", old]) }, count)
    // Encoded before the clock runs.
    let fires = windows(count) {
      Connection.encoded(["EVALSHA", digest, "2", "floor:\($0)", queue, old, new, message])
    }
    let began = now()
    send(fires, count)
    print(now() - began)
  }

  private func windows(_ count: Int, _ command: (Int) -> [UInt8]) -> [[UInt8]] {
    stride(from: 0, to: count, by: Self.window).map { start in
      (start..<min(start + Self.window, count)).reduce(into: []) { $0 += command($1) }
    }
  }

  private func send(_ windows: [[UInt8]], _ count: Int) {
    var answered = 0
    for (index, window) in windows.enumerated() {
      redis.send(window)
      if index > 0 {
        for _ in 0..<Self.window { redis.receive { _ in } }
        answered += Self.window
      }
    }
    for _ in answered..<count { redis.receive { _ in } }
  }
}
