import Testing

@testable import BeatCore
@testable import BeatRedis

@Suite("Queues with a doubtful name") struct QueueDoubtTests {
  @Test func aQueueThatWorkersCannotRead() throws {
    var context = Sample.context
    context.queueDoubt = KombuKeys.standard.doubt
    func warnings(_ more: String) throws -> [String] {
      let text = #"{"name": "n", "task": "t", "enabled": true, "crontab": {"minute": "0"}\#(more)}"#
      return try ScheduleDocument(Array(text.utf8), context: context).warnings
    }
    #expect(try warnings(#", "queue": "reports\u0006\u00163""#).first?.hasPrefix("queue reports") == true)
    #expect(try warnings(#", "options": {"queue": "a\u0006\u0016b"}"#).first?.hasPrefix("options.queue a") == true)
    #expect(try warnings(#", "queue": "reports""#) == [] && warnings("") == [])
    context.queueDoubt = KombuKeys(separator: Array(":".utf8)).doubt
    #expect(try warnings(#", "queue": "a:b""#).first?.contains("sep :") == true)
  }

  @Test func listsInWords() {
    let kombu = KombuKeys.standard
    let list = kombu.list(of: Array("reports".utf8), priority: 4)
    #expect(kombu.wordsWithKey(for: list) == #"reports, priority 3 (key "reports\x06\x163")"#)
    #expect(kombu.keyWithWords(for: list) == #""reports\x06\x163" (reports, priority 3)"#)
    #expect(kombu.wordsWithKey(for: Array("reports".utf8)) == "reports")
    #expect(kombu.keyWithWords(for: Array("reports".utf8)) == "reports")
    #expect(kombu.wordsWithKey(for: Array("reports7".utf8)) == "reports7")
  }
}
