import Testing

@testable import BeatCore
@testable import ReactiveBeat

/// What the fire script must do in one situation. A scenario can run any version of the script's text, which shows that
/// it fails when the script does something else.
struct FireScenario: Sendable, CustomTestStringConvertible {
  let name: String
  private let body: @Sendable (FireBench) throws -> Void

  var testDescription: String { name }

  init(_ name: String, _ body: @escaping @Sendable (FireBench) throws -> Void) {
    (self.name, self.body) = (name, body)
  }

  /// Runs the scenario with this script. Returns what is wrong; empty if nothing.
  func complaints(_ script: String, on server: RedisServer, store: Int = 1, broker: Int = 0) throws -> [String] {
    let bench = try FireBench(script, on: server, store: store, broker: broker)
    try body(bench)
    return bench.complaints
  }

  static let all = [
    FireScenario("OK: message, watermark and document") { bench in
      bench.check("the answer", bench.fire(), "OK")
      bench.check("the queue", bench.messages(), ["message"])
      bench.check("the watermark", bench.watermark, FireCall().stored)
      bench.check("the document", bench.document, "new")
      let isShared = bench.storeDatabase == bench.brokerDatabase
      bench.check("the store's keys", bench.store("DBSIZE")?.integer, isShared ? 3 : 2)
      bench.check("the broker's keys", bench.broker("DBSIZE")?.integer, isShared ? 3 : 1)
    },
    FireScenario("OK: the newest message is at the head, the workers take from the tail") { bench in
      bench.broker("RPUSH", "celery", "younger", "older")
      bench.check("the answer", bench.fire(), "OK")
      bench.check("the queue", bench.messages(), ["message", "younger", "older"])
    },
    FireScenario("OK: each list gets the message") { bench in
      var call = FireCall()
      call.lists = ["one", "two", "three\u{06}\u{16}6"].map { Array($0.utf8) }
      bench.check("the answer", bench.fire(call), "OK")
      bench.check("list one", bench.messages("one"), ["message"])
      bench.check("list two", bench.messages("two"), ["message"])
      bench.check("list three", bench.messages("three\u{06}\u{16}6"), ["message"])
    },
    FireScenario("OK: the document's time to live stays") { bench in
      // The documents are longer than the stored one, of the same length, and shorter.
      for (number, text) in ["longer", "equals", "new"].enumerated() {
        var call = FireCall()
        (call.old, call.new) = (Array(bench.store("GET", "tasks:meta:a")?.text?.utf8 ?? "".utf8), Array(text.utf8))
        (call.due, call.id) = (call.due.advanced(by: Int64(number)), "id \(number)")
        bench.store("PEXPIRE", "tasks:meta:a", "100000000")
        bench.check("the answer", bench.fire(call), "OK")
        bench.check("the document", bench.store("GET", "tasks:meta:a")?.text, text)
        bench.check("the time to live is gone", (bench.store("PTTL", "tasks:meta:a")?.integer ?? -1) > 90_000_000)
      }
    },
    FireScenario("OK: a history of what was fired") { bench in
      for number in 0..<500 {
        var call = FireCall()
        (call.historyLength, call.why) = ("100", "catch-up")
        (call.due, call.id) = (call.due.advanced(by: Int64(number)), "id \(number)")
        (call.old, call.new) = (number == 0 ? call.old : call.new, call.new)
        bench.check("the answer", bench.fire(call), "OK")
      }
      let length = bench.store("XLEN", "reactivebeat:tasks:meta:history")?.integer ?? 0
      // Redis removes whole nodes of the stream, of 100 entries each.
      bench.check("its length", (100...299).contains(length))
      let last = bench.store("XREVRANGE", "reactivebeat:tasks:meta:history", "+", "-", "COUNT", "1")?.array?.first?
        .array
      let fields = last?.last?.array?.compactMap(\.text) ?? []
      bench.check(
        "its fields", fields.enumerated().filter { $0.offset % 2 == 0 }.map(\.element),
        [
          "name", "id", "due", "late", "why",
        ])
      guard fields.count == 10, let late = Int64(fields[7]) else { return bench.check("its values", false) }
      bench.check(
        "its values", [fields[1], fields[3], fields[5], fields[9]],
        [
          "a", "id 499", "1700000000000499", "catch-up",
        ])
      let lateness = bench.now().microseconds - 1_700_000_000_000_499
      bench.check("its lateness", late <= lateness && late > lateness - 60_000_000)
    },
    FireScenario("together: a history of what was sent together") { bench in
      var calls = ["a", "b", "c"].map { FireCall.of($0) }
      for call in calls { bench.store("SET", EntryName(call.document).description, "old") }
      calls[0].historyLength = "100"
      calls[2].why = "catch-up"
      bench.check("the answers", bench.fire(calls), ["OK", "OK", "OK"])
      let entries = bench.store("XRANGE", "reactivebeat:tasks:meta:history", "-", "+")?.array ?? []
      let runs = entries.map { entry in
        FireRecord.runs(fields: (entry.array?.last?.array ?? []).compactMap(\.bytes))
      }
      bench.check("the entries", runs.map { $0.map(\.name.description) }, [["c"], ["a", "b"]])
      bench.check("the reasons", runs.map { $0.map(\.reason) }, [["catch-up"], ["schedule", "schedule"]])
      bench.check("the ids", runs.joined().map(\.taskID), ["id c", "id a", "id b"])
      bench.check("the due times", Set(runs.joined().map(\.due)), [calls[0].due])
      let lateness = bench.now().microseconds(since: calls[0].due)
      bench.check("the lateness", runs.joined().allSatisfy { $0.late <= lateness && $0.late > lateness - 60_000_000 })
    },
    FireScenario("OK: a history that cannot be kept") { bench in
      bench.store("SET", "reactivebeat:tasks:meta:history", "of another type")
      var call = FireCall()
      call.historyLength = "100"
      bench.check("the answer", bench.fire(call), "OK")
      bench.check("the queue", bench.messages(), ["message"])
      bench.check("the document", bench.document, "new")
    },
    FireScenario("OK: no history that nobody wants") { bench in
      bench.check("the answer", bench.fire(), "OK")
      bench.check("the history", bench.store("EXISTS", "reactivebeat:tasks:meta:history")?.integer, 0)
    },
    FireScenario("OK: a user who may not write in place") { bench in
      let limited = try bench.client(without: ["setrange"])
      bench.check("the answer", bench.fire(as: limited), "OK")
      bench.check("the document", bench.store("GET", "tasks:meta:a")?.text, "new")
    },
    FireScenario("OK: a document without a time to live gets none") { bench in
      bench.check("the answer", bench.fire(), "OK")
      bench.check("the time to live", bench.store("PTTL", "tasks:meta:a")?.integer, -1)
    },
    FireScenario("OK: any bytes") { bench in
      let bytes = Array(UInt8.min...UInt8.max)
      var call = FireCall()
      call.document = Array("tasks:meta:".utf8) + bytes
      call.entry = bytes
      (call.old, call.new, call.message) = (bytes, bytes.reversed(), bytes + bytes)
      call.lists = [Array("q".utf8) + bytes]
      bench.store.call([Array("SET".utf8), call.document, call.old])
      bench.check("the answer", bench.fire(call), "OK")
      bench.check("the document", bench.store.call([Array("GET".utf8), call.document])?.bytes, call.new)
      bench.check("the message", bench.broker.call([Array("LPOP".utf8), call.lists[0]])?.bytes, call.message)
      bench.check(
        "the watermark", bench.store.call([Array("HGET".utf8), call.watermark, call.entry])?.text, call.stored)
      bench.check("the second answer", bench.fire(call), "ALREADY_MINE")
    },
    FireScenario("OK: a newer occurrence over an older watermark") { bench in
      bench.fire()
      var next = FireCall()
      next.due = next.due.advanced(by: 1)
      (next.old, next.new, next.id, next.count) = (Array("new".utf8), Array("newer".utf8), "other", 4)
      bench.check("the answer", bench.fire(next), "OK")
      bench.check("the watermark", bench.watermark, next.stored)
      bench.check("the queue", bench.messages().count, 2)
    },
    FireScenario("FENCED: another daemon's lease, or none") { bench in
      var call = FireCall()
      call.token = "mine"
      bench.check("the answer without a lease", bench.fire(call), "FENCED")
      bench.store("SET", call.leaseText, "theirs")
      bench.check("the answer", bench.fire(call), "FENCED")
      bench.checkUntouched("fenced")
      bench.store("SET", call.leaseText, "mine")
      bench.check("the answer with the lease", bench.fire(call), "OK")
    },
    FireScenario("ALREADY_MINE: the same call again, as after a lost reply") { bench in
      bench.fire()
      bench.check("the answer", bench.fire(), "ALREADY_MINE")
      bench.check("the third answer", bench.fire(), "ALREADY_MINE")
      bench.check("the queue", bench.messages(), ["message"])
      bench.check("the document", bench.document, "new")
    },
    FireScenario("ALREADY_MINE: a stale copy of the document does not fire again") { bench in
      bench.fire()
      bench.store("SET", "tasks:meta:a", "old")
      bench.check("the answer", bench.fire(), "ALREADY_MINE")
      bench.check("the queue", bench.messages(), ["message"])
      bench.check("the document", bench.document, "old")
    },
    FireScenario("ALREADY: another daemon has fired it, or a later one") { bench in
      for ahead in [0, 1] as [Int64] {
        let watermark = Watermark(
          due: FireCall().due.advanced(by: ahead), taskID: TaskID(text: "other"), totalRunCount: 9
        ).bytes
        bench.store("HSET", "reactivebeat:tasks:meta:mark", "a", String(decoding: watermark, as: UTF8.self))
        let answer = bench.answer(FireCall())?.array ?? []
        bench.check("the answer", answer.map(\.text), ["ALREADY", String(decoding: watermark, as: UTF8.self)])
        bench.check("the document", bench.document, "old")
        bench.check("the queue", bench.messages(), [])
      }
    },
    FireScenario("ALREADY: first seen at that very time") { bench in
      let anchor = Watermark(due: FireCall().due, taskID: nil, totalRunCount: 0).bytes
      bench.store("HSET", "reactivebeat:tasks:meta:mark", "a", String(decoding: anchor, as: UTF8.self))
      bench.check("the answer", bench.fire(), "ALREADY")
      bench.check("the queue", bench.messages(), [])
    },
    FireScenario("GONE: no document") { bench in
      bench.store("DEL", "tasks:meta:a")
      bench.check("the answer", bench.fire(), "GONE")
      bench.check("the document", bench.document, nil)
      bench.check("the watermark", bench.watermark, nil)
      bench.check("the queue", bench.messages(), [])
    },
    FireScenario("CHANGED: other bytes") { bench in
      for bytes in ["old ", "Old", "", "new"] {
        bench.store("SET", "tasks:meta:a", bytes)
        bench.check("the answer", bench.fire(), "CHANGED")
        bench.check("the document", bench.document, bytes)
        bench.check("the watermark", bench.watermark, nil)
        bench.check("the queue", bench.messages(), [])
      }
    },
    FireScenario("CHANGED: another type") { bench in
      bench.store("DEL", "tasks:meta:a")
      bench.store("LPUSH", "tasks:meta:a", "old")
      bench.check("the answer", bench.fire(), "CHANGED")
      bench.check("the type", bench.store("TYPE", "tasks:meta:a")?.text, "list")
      bench.check("the queue", bench.messages(), [])
    },
    FireScenario("EARLY: not due by the server's clock") { bench in
      var call = FireCall()
      let before = bench.now()
      call.due = before.advanced(by: 60_000_000)
      let answer = bench.answer(call)?.array ?? []
      bench.check("the answer", answer.first?.text, "EARLY")
      let time = answer.last?.text.flatMap { Int64($0) } ?? 0
      bench.check("its time is the server's", time >= before.microseconds && time <= bench.now().microseconds)
      bench.checkUntouched("early")
      call.maximumLead = 120_000_000
      bench.check("the answer within the lead", bench.fire(call), "OK")
    },
    FireScenario("BADQUEUE: a queue that is no list") { bench in
      bench.broker("SET", "celery", "x")
      let answer = bench.answer(FireCall())?.array ?? []
      bench.check("the answer", answer.map(\.text), ["BADQUEUE", "celery", "string"])
      bench.check("the document", bench.document, "old")
      bench.check("the watermark", bench.watermark, nil)
      bench.check("the queue", bench.broker("GET", "celery")?.text, "x")
    },
    FireScenario("BADQUEUE: one of several, and the others get nothing") { bench in
      bench.broker("SADD", "two", "x")
      var call = FireCall()
      call.lists = ["one", "two", "three"].map { Array($0.utf8) }
      // A user who may not take a message back must not have pushed it.
      let limited = try bench.client(without: ["lpop"])
      let answer = bench.answer(call, as: limited)?.array ?? []
      bench.check("the answer", answer.map(\.text), ["BADQUEUE", "two", "set"])
      bench.check("list one", bench.messages("one"), [])
      bench.check("list three", bench.messages("three"), [])
      bench.check("the document", bench.document, "old")
      bench.check("the watermark", bench.watermark, nil)
    },
    FireScenario("FULL: a list that may not grow") { bench in
      var call = FireCall()
      (call.lists, call.longest) = (["one", "two"].map { Array($0.utf8) }, "3")
      bench.broker("RPUSH", "two", "a", "b", "c")
      let answer = bench.answer(call)?.array ?? []
      bench.check("the answer", answer.first?.text, "FULL")
      bench.check("its length", answer.last?.integer, 3)
      bench.check("list one", bench.messages("one"), [])
      bench.check("list two", bench.messages("two").count, 3)
      bench.check("the document", bench.document, "old")
      bench.check("the watermark", bench.watermark, nil)
      bench.broker("RPOP", "two")
      bench.check("with room again", bench.fire(call), "OK")
      bench.check("list two", bench.messages("two"), ["message", "a", "b"])
    },
    FireScenario("FULL: no bound") { bench in
      bench.broker("RPUSH", "celery", "a", "b", "c")
      for (longest, due) in [("", 1), ("0", 2), ("5", 3)] as [(String, Int64)] {
        var call = FireCall()
        bench.store("SET", "tasks:meta:a", "old")
        (call.longest, call.due) = (longest, call.due.advanced(by: due))
        bench.check("the answer for '\(longest)'", bench.fire(call), due == 3 ? "FULL" : "OK")
      }
    },
    FireScenario("ERR: a watermark that cannot be kept takes every message back") { bench in
      bench.broker("RPUSH", "one", "before", "message")
      let limited = try bench.client(without: ["hset"])
      var call = FireCall()
      call.lists = ["one", "two"].map { Array($0.utf8) }
      let answer = bench.answer(call, as: limited)?.array ?? []
      bench.check("the answer", answer.first?.text, "ERR")
      bench.check("it names the command", answer.last?.text?.hasPrefix("HSET: ") == true)
      bench.check("list one", bench.messages("one"), ["before", "message"])
      bench.check("list two", bench.messages("two"), [])
      bench.check("the document", bench.document, "old")
      bench.check("the watermark", bench.watermark, nil)
      bench.check("a user who may", bench.fire(call), "OK")
    },
    FireScenario("ERR: a watermark that cannot be kept, by who may not take back") { bench in
      let limited = try bench.client(without: ["hset", "lpop"])
      for _ in 0..<3 { bench.check("the answer", bench.fire(as: limited), "ERR") }
      bench.check("the queue", bench.messages(), [])
      bench.check("the document", bench.document, "old")
    },
    FireScenario("ERR: a push that is refused, by who may not delete a watermark") { bench in
      let limited = try bench.client(without: ["lpush", "hdel"])
      bench.check("the answer", bench.fire(as: limited), "ERR")
      bench.check("it is still due", bench.fire(), "OK")
      bench.check("the queue", bench.messages().count, 1)
    },
    FireScenario("ERR: a push that is refused puts the watermark back") { bench in
      let before = "00000000000000000001||0|12345678|more"
      bench.store("HSET", "reactivebeat:tasks:meta:mark", "a", before)
      bench.check("the answer", bench.fire(as: try bench.client(without: ["lpush"])), "ERR")
      bench.check("the watermark", bench.store("HGET", "reactivebeat:tasks:meta:mark", "a")?.text, before)
      bench.check("the queue", bench.messages(), [])
    },
    FireScenario("ERR: a push that is refused changes nothing") { bench in
      bench.check("the answer", bench.fire(as: try bench.client(without: ["lpush"])), "ERR")
      bench.checkUntouched("refused")
    },
    FireScenario("ERR: a server that is out of memory changes nothing") { bench in
      bench.store("CONFIG", "SET", "maxmemory", "1")
      bench.check("the answer", bench.fire(), "ERR")
      bench.store("CONFIG", "SET", "maxmemory", "0")
      bench.checkUntouched("out of memory")
      bench.check("with memory again", bench.fire(), "OK")
    },
    FireScenario("a watermark of another type is an error before any write") { bench in
      bench.store("SET", "reactivebeat:tasks:meta:mark", "x")
      bench.check("the answer tells why", bench.fire().contains("WRONGTYPE"))
      bench.check("the document", bench.document, "old")
      bench.check("the queue", bench.messages(), [])
    },
  ]
}

extension FireCall {
  var leaseText: String { String(decoding: lease, as: UTF8.self) }
}
