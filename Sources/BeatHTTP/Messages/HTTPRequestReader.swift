import BeatCore

/// Reads requests from the bytes of a connection (RFC 9112), however they are cut.
///
/// It takes the plain form only, and refuses what two programs could read differently: a field line that is folded, a
/// bare CR or LF, a space before a colon, two `Host` or two `Content-Length`, a length that is no plain number, and
/// `Transfer-Encoding`, for which there is no need here.
package struct HTTPRequestReader {
  package enum Progress: Hashable, Sendable {
    /// More bytes are needed.
    case incomplete
    case request(HTTPRequest)
  }

  private let limits: HTTPLimits
  private var bytes: [UInt8] = []
  /// How far the bytes have been searched for the head's end.
  private var searched = 0
  /// A head that was read, whose body is still coming.
  package private(set) var head: HTTPRequest?
  /// How long the body of `head` is.
  package private(set) var length = 0

  /// Whether the client waits for a sign before it sends the body. It is true until `takeExpectation`.
  package private(set) var expectsContinue = false

  package init(_ limits: HTTPLimits) { self.limits = limits }

  /// Whether nothing of a request has come.
  package var isIdle: Bool { head == nil && bytes.isEmpty }
  /// How many bytes wait.
  package var waiting: Int { bytes.count }

  package mutating func append(_ more: [UInt8]) { bytes.append(contentsOf: more) }

  package mutating func takeExpectation() -> Bool {
    defer { expectsContinue = false }
    return expectsContinue
  }

  /// Takes the next request out of the bytes.
  package mutating func next() throws(HTTPRefusal) -> Progress {
    if head == nil { head = try readHead() }
    guard var request = head, bytes.count >= length else { return .incomplete }
    request.body = Array(bytes[..<length])
    bytes.removeFirst(length)
    head = nil
    expectsContinue = false
    return .request(request)
  }

  // MARK: the head

  private mutating func readHead() throws(HTTPRefusal) -> HTTPRequest? {
    // One empty line before a request is overlooked (RFC 9112, section 2.2).
    if bytes.starts(with: [13, 10]) { bytes.removeFirst(2) }
    guard let end = try endOfHead() else { return nil }
    let text = bytes[..<end]
    bytes.removeFirst(end + 4)
    searched = 0
    let lines = try Self.lines(text)
    let (method, targetText, isOld) = try requestLine(lines[0])
    let fields = try fields(lines.dropFirst())
    guard let target = HTTPTarget(targetText) else {
      throw HTTPRefusal(.badRequest, "the target is no path with a query: it begins with / and has no .. in it")
    }
    length = try length(fields)
    try checkHost(fields, isOld)
    let connection = fields.list("connection")
    let keeps = isOld ? connection.contains("keep-alive") : !connection.contains("close")
    if let expectation = fields["expect"], !isOld {
      guard expectation.lowercased() == "100-continue" else {
        throw HTTPRefusal(.expectationFailed, "Expect is only understood with 100-continue")
      }
      expectsContinue = length > 0
    }
    return HTTPRequest(
      method: method, target: target, fields: fields, body: [], isOld: isOld, keepsConnection: keeps)
  }

  /// The place of the empty line; nil: it has not come.
  private mutating func endOfHead() throws(HTTPRefusal) -> Int? {
    var place = max(0, searched - 3)
    let last = min(bytes.count, limits.head)
    while place + 4 <= last {
      if bytes[place] == 13, bytes[place + 1] == 10, bytes[place + 2] == 13, bytes[place + 3] == 10 { return place }
      place += 1
    }
    searched = bytes.count
    guard bytes.count < limits.head else {
      let isTarget = !bytes[..<limits.head].contains(10)
      throw HTTPRefusal(
        isTarget ? .targetTooLong : .fieldsTooLarge,
        "the request line and the header fields have more than \(Plural.of(limits.head, "byte"))")
    }
    return nil
  }

  private static func lines(_ text: ArraySlice<UInt8>) throws(HTTPRefusal) -> [ArraySlice<UInt8>] {
    var lines: [ArraySlice<UInt8>] = []
    var start = text.startIndex
    var place = text.startIndex
    while place < text.endIndex {
      switch text[place] {
      case 13:
        guard place + 1 < text.endIndex, text[place + 1] == 10 else {
          throw HTTPRefusal(.badRequest, "a line of the head has a CR in it")
        }
        lines.append(text[start..<place])
        place += 2
        start = place
      case 10: throw HTTPRefusal(.badRequest, "a line of the head ends with LF and no CR")
      default: place += 1
      }
    }
    lines.append(text[start...])
    return lines
  }

  private func requestLine(
    _ line: ArraySlice<UInt8>
  ) throws(HTTPRefusal) -> (method: HTTPMethod, target: String, isOld: Bool) {
    let words = line.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
    guard words.count == 3, !words[0].isEmpty, words[0].allSatisfy(HTTPText.isToken) else {
      throw HTTPRefusal(.badRequest, "the first line is not a method, a target and a version")
    }
    guard words[1].count <= limits.target else {
      throw HTTPRefusal(.targetTooLong, "the target has more than \(Plural.of(limits.target, "byte"))")
    }
    guard !words[1].isEmpty, words[1].allSatisfy(HTTPText.isVisible) else {
      throw HTTPRefusal(.badRequest, "the target has a byte that must be written with %")
    }
    let isOld: Bool
    switch String(decoding: words[2], as: UTF8.self) {
    case "HTTP/1.1": isOld = false
    case "HTTP/1.0": isOld = true
    default: throw HTTPRefusal(.versionNotSupported, "only HTTP/1.1 and HTTP/1.0 are spoken here")
    }
    return (
      HTTPMethod(String(decoding: words[0], as: UTF8.self)), String(decoding: words[1], as: UTF8.self), isOld
    )
  }

  private func fields(_ lines: ArraySlice<ArraySlice<UInt8>>) throws(HTTPRefusal) -> HTTPFields {
    guard lines.count <= limits.fields else {
      throw HTTPRefusal(.fieldsTooLarge, "the request has more than \(limits.fields) header fields")
    }
    var fields = HTTPFields()
    for line in lines {
      guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > line.startIndex,
        line[..<colon].allSatisfy(HTTPText.isToken)
      else { throw HTTPRefusal(.badRequest, "a header field is not written `name: value` on one line") }
      let value = line[line.index(after: colon)...]
      guard value.allSatisfy(HTTPText.isFieldCharacter) else {
        throw HTTPRefusal(.badRequest, "a header field's value has a control character in it")
      }
      fields.append(
        String(decoding: line[..<colon], as: UTF8.self).lowercased(),
        HTTPText.trimmed(String(decoding: value, as: UTF8.self)[...]))
    }
    return fields
  }

  private func length(_ fields: HTTPFields) throws(HTTPRefusal) -> Int {
    guard fields.values("transfer-encoding").isEmpty else {
      throw HTTPRefusal(.lengthRequired, "Transfer-Encoding is not taken: send the body with Content-Length")
    }
    let lengths = fields.values("content-length")
    guard let text = lengths.first else { return 0 }
    guard lengths.count == 1, !text.isEmpty, text.utf8.allSatisfy(HTTPText.isDigit) else {
      throw HTTPRefusal(.badRequest, "Content-Length is not one plain number")
    }
    // A number that does not fit is too large, too.
    guard let length = Int(text), length <= limits.body else {
      throw HTTPRefusal(.contentTooLarge, "a body may have at most \(Plural.of(limits.body, "byte")) here")
    }
    return length
  }

  private func checkHost(_ fields: HTTPFields, _ isOld: Bool) throws(HTTPRefusal) {
    let hosts = fields.values("host")
    guard hosts.count == 1 || isOld && hosts.isEmpty else {
      throw HTTPRefusal(.badRequest, "a request has exactly one Host")
    }
  }
}
