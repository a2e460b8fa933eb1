import Wire

/// Fires without any decision: it compares the document, pushes the message and writes the document back, with as many
/// bytes as a real fire. `together` of them go in one script, and two windows are on their way at any time.
struct Burst {
  private static let window = 256
  private static let script = """
    local messages = {}
    for i, document in ipairs(redis.call('MGET', unpack(KEYS, 2))) do
      if document ~= ARGV[3 * i - 2] then return redis.error_reply('another document') end
      messages[i] = ARGV[3 * i]
    end
    redis.call('LPUSH', KEYS[1], unpack(messages))
    for i = 2, #KEYS do redis.call('SET', KEYS[i], ARGV[3 * i - 4]) end
    return 1
    """

  private let redis: Connection
  private let queue: String
  private let together: Int
  private let old: String
  private let new: String
  private let message: String
  private let digest: String

  init(_ redis: Connection, queue: String, together: Int, documentSize: Int, messageSize: Int) {
    self.redis = redis
    self.queue = queue
    self.together = max(1, together)
    old = String(repeating: "o", count: documentSize)
    new = String(repeating: "n", count: documentSize)
    message = String(repeating: "m", count: messageSize)
    digest = redis.call("SCRIPT", "LOAD", Self.script)[0]
  }

  /// Prints how many nanoseconds `count` fires take.
  func run(_ count: Int) {
    let scripts = stride(from: 0, to: count, by: together).map { $0..<min($0 + together, count) }
    send((0..<count).map { Connection.encoded(["SET", "floor:\($0)", old]) })
    // The commands are encoded before the clock runs.
    let fires = scripts.map { numbers in
      Connection.encoded(
        ["EVALSHA", digest, "\(1 + numbers.count)", queue] + numbers.map { "floor:\($0)" }
          + numbers.flatMap { _ in [old, new, message] })
    }
    let began = now()
    send(fires)
    print(now() - began)
  }

  private func send(_ commands: [[UInt8]]) {
    let size = max(1, Self.window / together)
    var answered = 0
    for start in stride(from: 0, to: commands.count, by: size) {
      redis.send(Array(commands[start..<min(start + size, commands.count)].joined()))
      while answered < start {
        redis.receive { _ in }
        answered += 1
      }
    }
    for _ in answered..<commands.count { redis.receive { _ in } }
  }
}
