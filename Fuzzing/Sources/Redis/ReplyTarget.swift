@testable import BeatCore
@testable import BeatRedis
@testable import ReactiveBeat

extension FuzzTarget {
  /// A server's text: an error, an INFO reply, a setting.
  static let reply = FuzzTarget(
    "reply",
    words: [
      "ERR ", "NOAUTH ", "WRONGPASS ", "LOADING ", "READONLY ", "MOVED 1 h:1", "DENIED ", "-", "run_id:",
      "redis_version:", "role:slave",
      "loading:1", "\r\n", ":", "7.2", "AKE", "g$lshzxetd", "ERR AUTH <password> called without",
      "ERR max number of clients", "EARLY", "BADQUEUE",
    ],
    seeds: {
      [
        "ERR unknown command", "WRONGPASS invalid username-password pair or user is disabled.",
        "MOVED 3999 127.0.0.1:6381", "NOAUTH",
        "# Server\r\nredis_version:7.2.4\r\nrun_id:abc\r\nrole:slave\r\nloading:1\r\n", "AKE",
        "BADQUEUE\nqueue\nstring", "EARLY\n1772452800000000",
        "ERR\nLPUSH: OOM command not allowed",
      ].map { Array($0.utf8) }
    },
    check: { bytes in
      let text = String(decoding: bytes, as: UTF8.self)
      let error = RedisServerError(text)
      try hold(!error.code.isEmpty && error.message == text, "the error \(error.code)")
      try hold(
        error.code.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || $0 == 0x5F },
        "the code \(error.code.debugDescription)")
      let endpoint = RedisEndpoint.tcp(host: "host", port: 6379)
      _ = (error.isOfWrongServer, RedisConnectionError.turnedAway(endpoint, error))
      for code: Int32 in -1...6 { _ = RedisConnectionError.broken(endpoint, code: code, reason: text) }
      // The server's error text may repeat the password that it was sent.
      let refused = RedisConnectionError.authentication(endpoint, RedisServerError(text + " hunter2"))
      try hold(!refused.message.contains("hunter2"), "\(refused.message) quotes what the server said to AUTH")

      let parts = bytes.split(separator: 0x0A, omittingEmptySubsequences: false).map { RedisReply.string(Array($0)) }
      _ = FireOutcome(.array(parts))
      _ = FireOutcome(.error(error))
      _ = FireOutcome(parts.first)
      let info = ServerInfo(text)
      _ = info.isTooOld
      let setting = NotificationSetting(text)
      // A server sends no other characters here, and such letters could combine.
      for candidate in setting.candidates where text.utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) {
        try hold(NotificationSetting(candidate).missing.isEmpty, "\(candidate) is not enough either")
        try hold(
          setting.letters.isSubset(of: NotificationSetting(candidate).letters), "\(candidate) leaves letters out")
      }
    })

  static let redis: [FuzzTarget] = [url, reply, resp]
}
