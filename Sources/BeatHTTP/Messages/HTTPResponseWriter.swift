import BeatCore

/// Writes responses as bytes (RFC 9112).
enum HTTPResponseWriter {
  /// How the other side finds the body's end.
  enum Framing {
    case length(Int)
    case chunked
    /// The connection's end is the body's. HTTP/1.0 knows no other way for a body of unknown length.
    case untilClose
  }

  static func head(_ response: HTTPResponse, _ framing: Framing, closes: Bool, at time: UnixTime) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(contentsOf: "HTTP/1.1 \(response.status.number) \(response.status.name)\r\n".utf8)
    append("Date", HTTPDate.text(time), to: &bytes)
    for (name, value) in response.fields { append(name, value, to: &bytes) }
    switch framing {
    // These two have no body (RFC 9110, section 8.6).
    case .length where response.status == .noContent || response.status == .notModified: break
    case .length(let count): append("Content-Length", "\(count)", to: &bytes)
    case .chunked: append("Transfer-Encoding", "chunked", to: &bytes)
    case .untilClose: break
    }
    if closes { append("Connection", "close", to: &bytes) }
    bytes.append(contentsOf: "\r\n".utf8)
    return bytes
  }

  /// One chunk of a body of unknown length.
  static func chunk(_ bytes: [UInt8]) -> [UInt8] {
    Array("\(String(bytes.count, radix: 16))\r\n".utf8) + bytes + Array("\r\n".utf8)
  }

  static let lastChunk = Array("0\r\n\r\n".utf8)
  static let continues = Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)

  /// A value's control characters are left out: they could end the line, and begin a field of somebody else's.
  private static func append(_ name: String, _ value: String, to bytes: inout [UInt8]) {
    bytes.append(contentsOf: name.utf8.filter(HTTPText.isToken))
    bytes.append(contentsOf: ": ".utf8)
    bytes.append(contentsOf: value.utf8.filter(HTTPText.isFieldCharacter))
    bytes.append(contentsOf: "\r\n".utf8)
  }
}

/// The date of a response (RFC 9110, section 5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`.
enum HTTPDate {
  private static let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]

  static func text(_ time: UnixTime) -> String {
    let civil = CivilTime(utc: time)
    let day = time.seconds / 86_400 % 7
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    guard civil.month >= 1, civil.month <= 12, day >= 0 else { return "Thu, 01 Jan 1970 00:00:00 GMT" }
    return "\(days[Int(day)]), \(two(civil.day)) \(months[civil.month - 1]) \(civil.year) "
      + "\(two(civil.hour)):\(two(civil.minute)):\(two(civil.second)) GMT"
  }
}
