import Glibc

/// What a server of this machine answers to a request.
struct HTTPAnswer {
  let status: Int
  /// The head's lines, without the first.
  let fields: [String]
  let body: String

  /// nil: nobody listens, or what came is no answer.
  ///
  /// - Parameters:
  ///   - head: the request's first line and fields, each on its own line; `Connection: close` is added.
  init?(_ port: UInt16, _ head: [String], body: String = "") {
    guard let connection = localConnection(port) else { return nil }
    defer { close(connection) }
    let length = body.isEmpty ? [] : ["Content-Length: \(body.utf8.count)"]
    let request = Array((head + length + ["Connection: close", "", body]).joined(separator: "\r\n").utf8)
    guard send(connection, request, request.count, Int32(MSG_NOSIGNAL)) == request.count else { return nil }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = recv(connection, &buffer, buffer.count, 0)
      guard count > 0 else { break }
      bytes += buffer[..<count]
    }
    let text = String(decoding: bytes, as: UTF8.self)
    guard let end = text.firstRange(of: "\r\n\r\n"), text.hasPrefix("HTTP/1.1 "),
      let status = Int(text.dropFirst(9).prefix(3))
    else { return nil }
    self.status = status
    fields = text[..<end.lowerBound].split(separator: "\r\n").dropFirst().map(String.init)
    self.body = String(text[end.upperBound...])
  }

  static func get(_ port: UInt16, _ path: String, _ fields: [String] = []) -> HTTPAnswer? {
    HTTPAnswer(port, ["GET \(path) HTTP/1.1", "Host: 127.0.0.1:\(port)"] + fields)
  }
}
