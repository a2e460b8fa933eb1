@testable import BeatCore
@testable import BeatRedis

extension FuzzTarget {
  /// The message of a schedule document, as it lies on a Redis broker.
  static let message = FuzzTarget(
    "message", words: document.words, seeds: document.seeds,
    check: { bytes in
      guard (try? ScheduleDocument(bytes, context: FuzzZones.context)) != nil else { return }
      try holdMessage(bytes)
    })

  private static func holdMessage(_ bytes: [UInt8]) throws {
    let layout = try DocumentLayout(bytes)
    var reader = DocumentReader(layout: layout, context: FuzzZones.context)
    let (task, options) = try reader.sending()
    let route = Route(options, defaultQueue: "celery")
    func prepared(_ id: String, by envelope: any MessageEnvelope = KombuRedisEnvelope()) -> any PreparedMessage {
      envelope.prepare(
        TaskMessage(
          task: task, id: TaskID(text: id), options: options, route: route, layout: layout, origin: "gen1@host",
          replyTo: "reply", now: UnixTime(seconds: 1_772_452_800)))
    }
    let (one, other) = ("5f8bd2a1-8f0c-5d5e-9f3a-0c1d2e3f4a5b", "0c1d2e3f-4a5b-5d5e-9f3a-5f8bd2a18f0c")
    let message = prepared(one).bytes
    try hold(
      prepared(other).bytes == prepared(one).bytes(for: TaskID(text: other)),
      "the message for another task differs in more than its id")
    let waiting = prepared(one, by: OutboxEnvelope())
    try hold(
      prepared(other, by: OutboxEnvelope()).bytes == waiting.bytes(for: TaskID(text: other)),
      "the outbox's message for another task differs in more than its id")
    let item = OutboxItem(
      taskID: TaskID(text: one), route: route, priority: options.priority ?? 0, message: waiting.bytes)
    try hold(KombuRedisEnvelope.bytes(of: item) == message, "the message that goes through the outbox is another one")
    let (members, _) = try JSONScanner.document(message)
    try hold(
      members.map(\.key) == ["body", "content-encoding", "content-type", "headers", "properties"],
      "the message has the members \(members.map(\.key))")
    try hold(!members.contains { $0.value.holdsShellCall }, "the message holds a constructor of the mongo shell")
    for header in JSONScanner.members(of: members[3].value, in: message)
    where header.key == "argsrepr" || header.key == "kwargsrepr" {
      // A repr has at most 1,024 characters, each of which may be an escaped quote, and the ends of its containers.
      guard let repr = JSONScanner.text(of: header.value, in: message), repr.unicodeScalars.count <= 2_100 else {
        throw BrokenProperty("the \(header.key) is no text, or too long")
      }
    }
    guard let text = JSONScanner.text(of: members[0].value, in: message), let body = decodedBase64(text) else {
      throw BrokenProperty("the message's body is no base64 text")
    }
    let args = layout["args"].map { bytes[$0.range] } ?? ArraySlice("[]".utf8)
    let kwargs = layout["kwargs"].map { bytes[$0.range] } ?? ArraySlice("{}".utf8)
    let start = Array("[".utf8) + args + Array(", ".utf8) + kwargs + Array(", {".utf8)
    try hold(body.starts(with: start), "the body has other arguments than the document")
    let (wrapped, _) = try JSONScanner.document(Array(#"{"body": "#.utf8) + body + Array("}".utf8))
    try hold(
      JSONScanner.items(of: wrapped[0].value, in: Array(#"{"body": "#.utf8) + body + Array("}".utf8)).count == 3,
      "the body has not three parts")
  }

  private static func decodedBase64(_ text: String) -> [UInt8]? {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    var values = [UInt8?](repeating: nil, count: 256)
    for (value, letter) in alphabet.enumerated() { values[Int(letter)] = UInt8(value) }
    var bytes: [UInt8] = []
    var (bits, count) = (UInt32(0), 0)
    for letter in text.utf8 where letter != 0x3D {
      guard let value = values[Int(letter)] else { return nil }
      bits = bits << 6 | UInt32(value)
      count += 6
      if count >= 8 {
        count -= 8
        bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
      }
    }
    return bytes
  }
}
