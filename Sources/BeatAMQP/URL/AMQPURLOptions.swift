import BeatLoop

/// The query options that an AMQP URL may carry.
struct AMQPURLOptions {
  var heartbeat: UInt16?
  var connectTimeout: Int64?
  var isExternal = false
  var ignored: [String] = []
  private var asksForTLS = false
  private var tls = TLSOptions()

  /// - Parameter isSecure: the scheme asks for TLS.
  func security(_ isSecure: Bool) throws(AMQPURLError) -> TLSSettings? {
    let security = try AMQPURLError.naming { () throws(URLFault) in
      try tls.security(isWanted: isSecure || asksForTLS)
    }
    guard security != nil || !isExternal else {
      throw AMQPURLError(
        "login_method=EXTERNAL in the AMQP URL is a login by the client's certificate, which needs TLS: write amqps://")
    }
    return security
  }

  /// Options that are given again take the place of the earlier ones.
  mutating func read(_ query: Substring) throws(AMQPURLError) {
    ignored = []
    for option in query.split(separator: "&") {
      let name = option.prefix { $0 != "=" }
      let value = option[name.endIndex...].dropFirst()
      switch name {
      // Celery takes an empty value for none.
      case "heartbeat", "connect_timeout", "login_method", "ssl": if !value.isEmpty { try take(name, value) }
      case _ where name.hasPrefix("ssl_") && URLText.isPlainName(name):
        try AMQPURLError.naming { () throws(URLFault) in try tls.take(String(name), value) }
      // An `@` here means that the option is the rest of a password. The part before it would be used as an address to
      // connect to.
      case _ where option.contains("@"): throw AMQPURLError.strayAt
      default: ignored.append(URLText.isPlainName(name) ? String(name) : "(unreadable)")
      }
    }
  }

  private mutating func take(_ name: Substring, _ value: Substring) throws(AMQPURLError) {
    switch name {
    case "heartbeat":
      guard value.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let seconds = UInt16(value) else {
        throw AMQPURLError("heartbeat in the AMQP URL is not a whole number of seconds from 0 (none) to 65535")
      }
      heartbeat = seconds
    case "connect_timeout":
      guard value.utf8.allSatisfy({ (0x30...0x39).contains($0) || $0 == UInt8(ascii: ".") }),
        let seconds = Double(value), seconds >= 0.001, seconds <= 86_400
      else { throw AMQPURLError("connect_timeout in the AMQP URL is not a number of seconds from 0.001 to 86400") }
      connectTimeout = Int64(seconds * 1_000_000)
    case "login_method":
      switch value.uppercased() {
      case "PLAIN": isExternal = false
      case "EXTERNAL": isExternal = true
      default: throw AMQPURLError("login_method in the AMQP URL is neither PLAIN nor EXTERNAL")
      }
    default:
      // Celery speaks TLS whatever the value says.
      guard try AMQPURLError.naming({ () throws(URLFault) in try URLText.flag("ssl", value) }) else {
        throw AMQPURLError(
          "ssl in the AMQP URL is false, which Celery takes for TLS: leave it out, or write ssl=true or amqps://")
      }
      asksForTLS = true
    }
  }
}
