import BeatCore

/// Cases of the watermarks beside the documents: `putAbsent`, `replace`, `sweepWatermarks`.
extension StoreCase {
  static let watermarks = [
    StoreCase("a watermark is put where there is none, and where one stands it is told") { trial in
      let (a, now) = (try trial.visitor(), trial.stage.now)
      let (first, second) = (Sample.watermark(now), Sample.watermark(now.advanced(by: 5)))
      func put(_ watermarks: [(name: EntryName, watermark: Watermark)]) throws -> [EntryName] {
        try a.get("putAbsent") { a.store.schedules.putAbsent(watermarks, then: $0) }
      }
      trial.equal(try put([("a", first)]), [], "others, where there is none")
      trial.equal(try put([("b", second), ("a", second), ("c", second)]), ["a"], "others, where one has a watermark")
      trial.equal(
        ["a", "b", "c"].map { trial.stage.watermark(of: $0) }, [first, second, second].map(\.bytes), "the watermarks")
      // Of several watermarks for one name, the first counts.
      trial.equal(try put([("d", first), ("d", second)]), ["d"], "others, where one comes twice")
      trial.equal(trial.stage.watermark(of: "d"), first.bytes, "the watermark that came first")
    },

    StoreCase("a watermark is replaced only where the expected one stands") { trial in
      let (a, now) = (try trial.visitor(), trial.stage.now)
      let (watermark, older) = (
        Sample.watermark(now, "id", runs: 3), Sample.watermark(now.advanced(by: -60_000_000), "older", runs: 2)
      )
      func replace(_ due: UnixTime, by new: Watermark) throws -> Bool {
        try a.get("replace") { a.store.schedules.replace("a", expecting: .due(due), with: new, then: $0) }
      }
      trial.equal(try replace(now, by: watermark), false, "where there is none")
      trial.equal(trial.stage.watermark(of: "a"), nil, "the watermark where there was none")
      trial.stage.damage(watermarkOf: "a", with: watermark.bytes)
      trial.equal(try replace(now.advanced(by: 1), by: older), false, "where another one is expected")
      trial.equal(trial.stage.watermark(of: "a"), watermark.bytes, "the watermark that was not expected")
      trial.equal(try replace(now, by: older), true, "where it is expected, even by an older one")
      trial.equal(trial.stage.watermark(of: "a"), older.bytes, "the watermark that replaced it")
    },

    StoreCase("a watermark that cannot be read is told, and replaced only where these bytes stand") { trial in
      let a = try trial.visitor()
      let (damaged, watermark) = (Array("damaged".utf8), Sample.watermark(trial.stage.now))
      trial.stage.write(Sample.document("a"), of: "a")
      trial.stage.damage(watermarkOf: "a", with: damaged)
      trial.equal(try a.read(["a"]).first?.watermarkState, .unreadable(damaged), "what is told of it")
      func replace(_ bytes: [UInt8]) throws -> Bool {
        try a.get("replace") { a.store.schedules.replace("a", expecting: .bytes(bytes), with: watermark, then: $0) }
      }
      trial.equal(try replace(Array("other".utf8)), false, "where other bytes are expected")
      trial.equal(trial.stage.watermark(of: "a"), damaged, "the watermark that was not expected")
      trial.equal(try replace(damaged), true, "where its bytes are expected")
      trial.equal(trial.stage.watermark(of: "a"), watermark.bytes, "the watermark that replaced it")
    },

    StoreCase("a watermark that is too long is told as far as it may be, and replaced by that") { trial in
      let a = try trial.visitor()
      let watermark = Sample.watermark(trial.stage.now)
      trial.stage.write(Sample.document("a"), of: "a")
      trial.stage.damage(watermarkOf: "a", with: watermark.bytes + [UInt8](repeating: UInt8(ascii: "x"), count: 5_000))
      guard case .unreadable(let told)? = try a.read(["a"]).first?.watermarkState else {
        return trial.breach("a watermark of 5,000 bytes is read")
      }
      trial.equal(told.count, Limit.watermarkLength.most + 1, "how many of its bytes are told")
      let isReplaced = try a.get("replace") {
        a.store.schedules.replace("a", expecting: .bytes(told), with: watermark, then: $0)
      }
      trial.equal(isReplaced, true, "its replacement")
      trial.equal(trial.stage.watermark(of: "a"), watermark.bytes, "the watermark")
    },

    StoreCase("a sweep forgets old watermarks of documents that are gone, and no others") { trial in
      let (a, now) = (try trial.visitor(), trial.stage.now)
      let minute: Int64 = 60_000_000
      let watermarks: [(String, Watermark, isKept: Bool)] = [
        ("stands", Sample.watermark(now.advanced(by: -900 * minute), "id"), true),
        ("ran lately", Sample.watermark(now.advanced(by: -10 * minute), "id"), true),
        ("ran long ago", Sample.watermark(now.advanced(by: -100 * minute), "id"), false),
        ("seen lately", Sample.watermark(now.advanced(by: -2 * minute)), true),
        ("seen long ago", Sample.watermark(now.advanced(by: -10 * minute)), false),
        ("ahead of all", Sample.watermark(now.advanced(by: 900 * minute), "id"), false),
      ]
      for (name, watermark, _) in watermarks { trial.stage.damage(watermarkOf: EntryName(name), with: watermark.bytes) }
      trial.stage.damage(watermarkOf: "damaged", with: Array("damaged".utf8))
      trial.stage.write(Sample.document("stands"), of: "stands")
      let ages = WatermarkAges(
        fired: now.advanced(by: -30 * minute), seen: now.advanced(by: -5 * minute), latest: now.advanced(by: minute))
      var (position, forgotten): (ScanPosition?, Int) = (nil, 0)
      var kept: (fired: [Int64], seen: [Int64]) = ([], [])
      repeat {
        let page = try a.get("a sweep") { a.store.schedules.sweepWatermarks(from: position, ages, then: $0) }
        forgotten += page.forgotten
        kept = (kept.fired + page.fired, kept.seen + page.seen)
        position = page.next
      } while position != nil
      trial.equal(forgotten, 4, "how many were forgotten")
      for (name, _, isKept) in watermarks {
        trial.equal(
          trial.stage.watermark(of: EntryName(name)) != nil, isKept, "whether the watermark of \"\(name)\" is kept")
      }
      trial.equal(trial.stage.watermark(of: "damaged"), nil, "one that cannot be read")
      trial.equal(kept.fired, [now.advanced(by: -10 * minute).microseconds / minute], "minutes of runs that are kept")
      trial.equal(kept.seen, [now.advanced(by: -2 * minute).microseconds / minute], "minutes of others that are kept")
    },
  ]
}
