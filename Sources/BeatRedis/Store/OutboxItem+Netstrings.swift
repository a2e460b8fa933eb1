import BeatCore

/// An outbox item's bytes in Redis: a row of netstrings, `<length in decimal>:<bytes>,`, so that a field may hold any
/// byte and people can still read it. The fields are the version, the task id, `queue` or `exchange`, its name, the
/// routing key (only of an exchange), the priority, and the message. The version tells the message's form: a daemon of
/// version 0.1 reads version 1 only, and holds other items as not its own.
extension OutboxItem {
  private static func version(of form: OutboxMessage.Form) -> String {
    switch form {
    case .kombu: "1"
    case .neutral: "2"
    }
  }

  /// Reads an item; nil: `bytes` has not written these bytes.
  package init?(_ bytes: [UInt8]) {
    var rest = bytes[...]
    // No daemon writes a name that is not stream-safe, since no document has one. Comparing such a name might take
    // minutes.
    func text() -> String? {
      Self.field(&rest).flatMap { String(validating: $0, as: UTF8.self) }.flatMap { $0.isStreamSafe ? $0 : nil }
    }
    let version = text()
    guard let form = OutboxMessage.Form.allCases.first(where: { Self.version(of: $0) == version }), let id = text(),
      !id.isEmpty, let kind = text(), let name = text()
    else { return nil }
    let route: Route
    switch kind {
    case "queue": route = .queue(name)
    case "exchange":
      guard let key = text() else { return nil }
      route = .exchange(name, routingKey: key)
    default: return nil
    }
    // Swift's `Int64(_:)` takes "+5" and "05" too.
    guard let digits = text(), let priority = Int64(digits), "\(priority)" == digits, let message = Self.field(&rest),
      rest.isEmpty
    else {
      return nil
    }
    self.init(taskID: TaskID(text: id), route: route, priority: priority, message: Array(message), form: form)
  }

  package var bytes: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(message.count + 128)
    func append(_ field: some Collection<UInt8>) {
      bytes += Array("\(field.count):".utf8)
      bytes += field
      bytes.append(UInt8(ascii: ","))
    }
    append(Self.version(of: form).utf8)
    append(taskID.description.utf8)
    switch route {
    case .queue(let name):
      append("queue".utf8)
      append(name.utf8)
    case .exchange(let name, let key):
      append("exchange".utf8)
      append(name.utf8)
      append(key.utf8)
    }
    append("\(priority)".utf8)
    append(message)
    return bytes
  }

  /// Takes the first netstring off; nil: there is none.
  private static func field(_ rest: inout ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
    // Nine digits are more than the length of any Redis string.
    guard let colon = rest.prefix(10).firstIndex(of: UInt8(ascii: ":")) else { return nil }
    var count = 0
    let digits = rest[..<colon]
    guard !digits.isEmpty, digits.first != UInt8(ascii: "0") || digits.count == 1 else { return nil }
    for digit in digits {
      guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
      count = count &* 10 &+ Int(digit &- UInt8(ascii: "0"))
    }
    let body = rest[colon...].dropFirst()
    guard body.count > count, body.dropFirst(count).first == UInt8(ascii: ",") else { return nil }
    rest = body.dropFirst(count &+ 1)
    return body.prefix(count)
  }
}
