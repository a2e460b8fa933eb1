@testable import BeatCore
@testable import ReactiveBeat

/// Several occurrences in one call of the fire script.
extension FireScenario {
  static let together = [
    FireScenario("together: each has its message, watermark and document") { bench in
      let calls = bench.calls("a", "b", "c")
      bench.check("the answers", bench.fire(calls), ["OK", "OK", "OK"])
      bench.check("the queue, the first at the tail", bench.messages(), ["message c", "message b", "message a"])
      for (entry, call) in zip(["a", "b", "c"], calls) {
        bench.check("the document of \(entry)", bench.document(entry), "new")
        bench.check("the watermark of \(entry)", bench.watermark(entry), call.stored)
      }
      bench.check("the answers again", bench.fire(calls), ["ALREADY_MINE", "ALREADY_MINE", "ALREADY_MINE"])
      bench.check("the queue again", bench.messages().count, 3)
    },
    FireScenario("together: each has an answer of its own") { bench in
      var calls = bench.calls("gone", "changed", "early", "typed", "marked", "mine", "fine")
      bench.store("DEL", "tasks:meta:gone", "tasks:meta:typed")
      bench.store("SET", "tasks:meta:changed", "other")
      bench.store("LPUSH", "tasks:meta:typed", "old")
      calls[2].due = bench.now().advanced(by: 60_000_000)
      bench.store("HSET", "reactivebeat:tasks:meta:mark", "marked", FireCall.of("other").stored)
      bench.store("HSET", "reactivebeat:tasks:meta:mark", "mine", calls[5].stored)
      bench.check(
        "the answers", bench.fire(calls), ["GONE", "CHANGED", "EARLY", "CHANGED", "ALREADY", "ALREADY_MINE", "OK"])
      bench.check("the queue", bench.messages(), ["message fine"])
      for entry in ["early", "marked", "mine"] {
        bench.check("the document of \(entry)", bench.document(entry), "old")
      }
      for entry in ["gone", "changed", "early", "typed"] {
        bench.check("the watermark of \(entry)", bench.watermark(entry), nil)
      }
      bench.check("the document of fine", bench.document("fine"), "new")
      bench.check("the watermark of fine", bench.watermark("fine"), calls[6].stored)
    },
    FireScenario("together: an entry that comes twice is fired once") { bench in
      var calls = bench.calls("a", "a")
      calls[1].due = calls[1].due.advanced(by: 1)
      bench.check("the answers", bench.fire(calls), ["OK", "CHANGED"])
      bench.check("the queue", bench.messages(), ["message a"])
      bench.check("the watermark", bench.watermark, calls[0].stored)
    },
    FireScenario("together: another daemon's lease") { bench in
      var calls = bench.calls("a", "b")
      calls[0].token = "mine"
      bench.store("SET", calls[0].leaseText, "theirs")
      bench.check("the answers", bench.fire(calls), ["FENCED", "FENCED"])
      bench.check("the queue", bench.messages(), [])
    },
    FireScenario("together: a queue that is no list refuses all that could be fired") { bench in
      let calls = bench.calls("a", "b", "gone")
      bench.store("DEL", "tasks:meta:gone")
      bench.broker("SET", "celery", "x")
      bench.check("the answers", bench.fire(calls), ["BADQUEUE", "BADQUEUE", "GONE"])
      bench.check("the watermark", bench.watermark, nil)
      bench.check("the document", bench.document, "old")
    },
    FireScenario("together: as many as there is room for, the first before the others") { bench in
      var calls = bench.calls("a", "b", "c")
      calls[0].longest = "3"
      bench.broker("RPUSH", "celery", "x")
      bench.check("the answers", bench.fire(calls), ["OK", "OK", "FULL"])
      bench.check("the queue", bench.messages(), ["message b", "message a", "x"])
      bench.check("the watermark of c", bench.watermark("c"), nil)
      bench.check("the document of c", bench.document("c"), "old")
    },
    FireScenario("together: a watermark that cannot be kept takes every message back") { bench in
      bench.broker("RPUSH", "one", "before")
      var calls = bench.calls("a", "b", "gone")
      bench.store("DEL", "tasks:meta:gone")
      calls[0].lists = ["one", "two"].map { Array($0.utf8) }
      let limited = try bench.client(without: ["hset"])
      bench.check("the answers", bench.fire(calls, as: limited), ["ERR", "ERR", "GONE"])
      bench.check("list one", bench.messages("one"), ["before"])
      bench.check("list two", bench.messages("two"), [])
      bench.check("the document", bench.document, "old")
    },
    FireScenario("together: a document that cannot be written does not keep the others") { bench in
      var calls = bench.calls("a", "b")
      calls[0].new = Array("n".utf8)
      let limited = try bench.client(without: ["set"])
      bench.check("the answers", bench.fire(calls, as: limited), ["ERR", "OK"])
      bench.check("the document of b", bench.document("b"), "new")
      bench.check("the queue", bench.messages().count, 2)
    },
  ]
}

extension FireBench {
  /// Calls for these entries, and their documents in the store.
  fileprivate func calls(_ entries: String...) -> [FireCall] {
    for entry in entries { store("SET", "tasks:meta:\(entry)", "old") }
    return entries.map(FireCall.of)
  }
}
