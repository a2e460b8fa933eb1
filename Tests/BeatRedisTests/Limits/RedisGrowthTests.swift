import Testing

@testable import BeatCore
@testable import BeatRedis

@Suite("Work grows as its input does: messages, and what is read from Redis") struct RedisGrowthTests {
  private let size = 1_024

  @Test(arguments: Filling.all) func messagesAreMade(_ filling: Filling) {
    for field in ["args", "kwargs"] {
      for value in [
        { (text: String) in field == "args" ? "[\(JSONLine.quoted(text))]" : "{\(JSONLine.quoted(text)): 1}" },
        { field == "args" ? "[\($0)1]" : "{\"x\": [\($0)1]}" },
      ] {
        Growth.expectLinear(size, { Array(Sample.document("\"\(field)\": \(value(filling.text($0)))").utf8) }) {
          bytes in
          guard let layout = try? DocumentLayout(bytes) else { return }
          let message = TaskMessage(
            task: "t", id: TaskID(text: "x"), options: MessageOptions(), route: .queue("celery"), layout: layout,
            origin: "", replyTo: "", now: Sample.noon)
          _ = KombuRedisEnvelope().prepare(message)
          _ = layout.fired(due: Sample.noon, count: 7)
        }
      }
    }
  }

  @Test(arguments: Filling.all) func keysAndItemsAreRead(_ filling: Filling) {
    func item(_ text: String) -> [UInt8] {
      ["1", text, "queue", text, "0", text].flatMap { Array("\($0.utf8.count):\($0),".utf8) }
    }
    Growth.expectLinear(size, { item(filling.text($0)) }) {
      if OutboxItem($0)?.route == .queue("celery") { Issue.record("another queue") }
    }
    let readers: [([UInt8]) -> Void] = [
      { _ = OutboxItem($0) }, { _ = KombuKeys.standard.binding($0) }, { _ = KombuKeys.standard.isMistaken($0) },
    ]
    for read in readers { Growth.expectLinear(size, { Array(filling.text($0).utf8) }, read) }
  }
}
