import BeatCore

/// Watermarks beside the documents: `putAbsent`, `replace`, `sweepMarks`.
extension StoreCase {
  static let watermarks = [
    StoreCase("a watermark is put where there is none, and where one stands it is told") { trial in
      let (a, now) = (try trial.visitor(), trial.stage.now)
      let (first, second) = (Sample.mark(now), Sample.mark(now.advanced(by: 5)))
      func put(_ marks: [(name: EntryName, mark: Mark)]) throws -> [EntryName] {
        try a.get("putAbsent") { a.store.schedules.putAbsent(marks, then: $0) }
      }
      trial.equal(try put([("a", first)]), [], "others, where there is none")
      trial.equal(try put([("b", second), ("a", second), ("c", second)]), ["a"], "others, where one has a watermark")
      trial.equal(
        ["a", "b", "c"].map { trial.stage.mark(of: $0) }, [first, second, second].map(\.bytes), "the watermarks")
      // Of several for one name, the first.
      trial.equal(try put([("d", first), ("d", second)]), ["d"], "others, where one comes twice")
      trial.equal(trial.stage.mark(of: "d"), first.bytes, "the watermark that came first")
    },

    StoreCase("a watermark is replaced only where the expected one stands") { trial in
      let (a, now) = (try trial.visitor(), trial.stage.now)
      let (mark, older) = (
        Sample.mark(now, "id", runs: 3), Sample.mark(now.advanced(by: -60_000_000), "older", runs: 2)
      )
      func replace(_ due: UnixTime, by new: Mark) throws -> Bool {
        try a.get("replace") { a.store.schedules.replace("a", expecting: .due(due), with: new, then: $0) }
      }
      trial.equal(try replace(now, by: mark), false, "where there is none")
      trial.equal(trial.stage.mark(of: "a"), nil, "the watermark where there was none")
      trial.stage.damage(markOf: "a", with: mark.bytes)
      trial.equal(try replace(now.advanced(by: 1), by: older), false, "where another one is expected")
      trial.equal(trial.stage.mark(of: "a"), mark.bytes, "the watermark that was not expected")
      trial.equal(try replace(now, by: older), true, "where it is expected, even by an older one")
      trial.equal(trial.stage.mark(of: "a"), older.bytes, "the watermark that replaced it")
    },

    StoreCase("a watermark that cannot be read is told, and replaced only where these bytes stand") { trial in
      let a = try trial.visitor()
      let (damaged, mark) = (Array("damaged".utf8), Sample.mark(trial.stage.now))
      trial.stage.write(Sample.document("a"), of: "a")
      trial.stage.damage(markOf: "a", with: damaged)
      trial.equal(try a.read(["a"]).first?.markState, .unreadable(damaged), "what is told of it")
      func replace(_ bytes: [UInt8]) throws -> Bool {
        try a.get("replace") { a.store.schedules.replace("a", expecting: .bytes(bytes), with: mark, then: $0) }
      }
      trial.equal(try replace(Array("other".utf8)), false, "where other bytes are expected")
      trial.equal(trial.stage.mark(of: "a"), damaged, "the watermark that was not expected")
      trial.equal(try replace(damaged), true, "where its bytes are expected")
      trial.equal(trial.stage.mark(of: "a"), mark.bytes, "the watermark that replaced it")
    },

    StoreCase("a watermark that is too long is told as far as it may be, and replaced by that") { trial in
      let a = try trial.visitor()
      let mark = Sample.mark(trial.stage.now)
      trial.stage.write(Sample.document("a"), of: "a")
      trial.stage.damage(markOf: "a", with: mark.bytes + [UInt8](repeating: UInt8(ascii: "x"), count: 5_000))
      guard case .unreadable(let told)? = try a.read(["a"]).first?.markState else {
        return trial.breach("a watermark of 5,000 bytes is read")
      }
      trial.equal(told.count, Limit.markLength.most + 1, "how many of its bytes are told")
      let isReplaced = try a.get("replace") {
        a.store.schedules.replace("a", expecting: .bytes(told), with: mark, then: $0)
      }
      trial.equal(isReplaced, true, "its replacement")
      trial.equal(trial.stage.mark(of: "a"), mark.bytes, "the watermark")
    },

    StoreCase("a sweep forgets old watermarks of documents that are gone, and no others") { trial in
      let (a, now) = (try trial.visitor(), trial.stage.now)
      let minute: Int64 = 60_000_000
      let marks: [(String, Mark, isKept: Bool)] = [
        ("stands", Sample.mark(now.advanced(by: -900 * minute), "id"), true),
        ("ran lately", Sample.mark(now.advanced(by: -10 * minute), "id"), true),
        ("ran long ago", Sample.mark(now.advanced(by: -100 * minute), "id"), false),
        ("seen lately", Sample.mark(now.advanced(by: -2 * minute)), true),
        ("seen long ago", Sample.mark(now.advanced(by: -10 * minute)), false),
        ("ahead of all", Sample.mark(now.advanced(by: 900 * minute), "id"), false),
      ]
      for (name, mark, _) in marks { trial.stage.damage(markOf: EntryName(name), with: mark.bytes) }
      trial.stage.damage(markOf: "damaged", with: Array("damaged".utf8))
      trial.stage.write(Sample.document("stands"), of: "stands")
      let ages = MarkAges(
        fired: now.advanced(by: -30 * minute), seen: now.advanced(by: -5 * minute), latest: now.advanced(by: minute))
      var (position, forgotten): (ScanPosition?, Int) = (nil, 0)
      var kept: (fired: [Int64], seen: [Int64]) = ([], [])
      repeat {
        let page = try a.get("a sweep") { a.store.schedules.sweepMarks(from: position, ages, then: $0) }
        forgotten += page.forgotten
        kept = (kept.fired + page.fired, kept.seen + page.seen)
        position = page.next
      } while position != nil
      trial.equal(forgotten, 4, "how many were forgotten")
      for (name, _, isKept) in marks {
        trial.equal(
          trial.stage.mark(of: EntryName(name)) != nil, isKept, "whether the watermark of \"\(name)\" is kept")
      }
      trial.equal(trial.stage.mark(of: "damaged"), nil, "one that cannot be read")
      trial.equal(kept.fired, [now.advanced(by: -10 * minute).microseconds / minute], "minutes of runs that are kept")
      trial.equal(kept.seen, [now.advanced(by: -2 * minute).microseconds / minute], "minutes of others that are kept")
    },
  ]
}
