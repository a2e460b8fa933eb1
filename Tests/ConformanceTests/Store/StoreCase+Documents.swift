import BeatCore

/// Cases of names and documents: `ScheduleStore.names` and `read`.
extension StoreCase {
  static let documents = [
    StoreCase("a walk finds each document, and nothing else") { trial in
      let a = try trial.visitor()
      let names = (0..<1_200).map { EntryName("document-\($0)") }
      for name in names { trial.stage.write(Sample.document("\(name)"), of: name) }
      // The places where the store keeps its own data are no documents.
      _ = try a.get("putAbsent") {
        a.store.schedules.putAbsent([("gone", Sample.watermark(trial.stage.now))], then: $0)
      }
      trial.equal(try a.commit(Sample.plan("document-0", trial.stage.now)), .fired, "a fire")
      let found = try a.walk { page in
        trial.expect(page.names.count <= 1_000, "a page of \(page.names.count) names is not bounded")
      }
      trial.equal(Set(found), Set(names), "the names found")
      trial.expect(found.count <= 2 * names.count, "a walk found \(names.count) names \(found.count) times")
    },

    StoreCase("a walk over nothing ends") { trial in
      trial.equal(try trial.visitor().walk(), [], "the names found")
    },

    StoreCase("a name that is there during the whole walk is found, whatever comes and goes meanwhile") { trial in
      let a = try trial.visitor()
      let names = (0..<800).map { EntryName("stays-\($0)") }
      for name in names { trial.stage.write(Sample.document("\(name)"), of: name) }
      var round = 0
      let found = try a.walk { _ in
        for number in 0..<40 {
          trial.stage.write(Sample.document("x"), of: EntryName("comes-\(round)-\(number)"))
          if round > 0 { trial.stage.write(nil, of: EntryName("comes-\(round - 1)-\(number)")) }
        }
        round += 1
      }
      trial.expect(Set(found).isSuperset(of: names), "a walk missed \(Set(names).subtracting(found).count) names")
    },

    StoreCase("a name that is too long is counted, and not read") { trial in
      let a = try trial.visitor()
      let long = EntryName([UInt8](repeating: UInt8(ascii: "n"), count: Limit.nameLength.most + 1))
      let longest = EntryName([UInt8](repeating: UInt8(ascii: "m"), count: Limit.nameLength.most))
      for name in [long, longest] { trial.stage.write(Sample.document("x"), of: name) }
      // An event with such a name makes the daemon look for it.
      a.store.suspectLongNames()
      var ignored = IgnoredNames()
      trial.equal(try a.walk { ignored.add($0.ignored) }, [longest], "the names found")
      trial.equal(ignored.count, 1, "names left out")
      trial.equal(ignored.longest, long.bytes.count, "the longest of them")
    },

    StoreCase("documents are read with their watermarks, in the order of their names") { trial in
      let a = try trial.visitor()
      let watermark = Sample.watermark(trial.stage.now, "an-id", runs: 3)
      for name in ["b", "a"] { trial.stage.write(Sample.document(name), of: EntryName(name)) }
      _ = try a.get("putAbsent") { a.store.schedules.putAbsent([("a", watermark), ("gone", watermark)], then: $0) }
      let reads = try a.read(["b", "gone", "a"])
      trial.equal(reads.map(\.bytes), [Sample.document("b"), nil, Sample.document("a")], "the documents")
      trial.equal(reads.map(\.watermarkState), [.absent, .read(watermark), .read(watermark)], "their watermarks")
    },

    StoreCase("a read is bounded, begins with the first name and comes forward") { trial in
      let a = try trial.visitor()
      let names = (0..<6).map { EntryName("large-\($0)") }
      let padding = String(repeating: "x", count: 500_000)
      for name in names {
        trial.stage.write(Sample.document("\(name)", more: #", "padding": "\#(padding)""#), of: name)
      }
      var left = names[...]
      while !left.isEmpty {
        let reads = try a.read(Array(left))
        guard !reads.isEmpty else { throw Trial.Stop("a read of \(left.count) documents told none") }
        let size = reads.dropFirst().reduce(0) { $0 + ($1.bytes?.count ?? 0) }
        trial.expect(size <= Limit.pageLength.most, "a read told \(size) bytes behind the first document")
        for (name, read) in zip(left, reads) {
          trial.expect(read.bytes == trial.stage.document(of: name), "\(name) is not what stands there")
        }
        left = left.dropFirst(reads.count)
      }
    },

    StoreCase("a document that is too long is told by its length, and those beside it are read") { trial in
      let a = try trial.visitor()
      let padding = String(repeating: "x", count: StoreSize.maximumDocumentLength)
      let long = Sample.document("long", more: #", "padding": "\#(padding)""#)
      trial.stage.write(long, of: "long")
      trial.stage.write(Sample.document("short"), of: "short")
      let reads = try a.read(["long", "short"])
      guard case .tooLong(let length)? = reads.first?.content else {
        return trial.breach("a document of \(long.count) bytes is not told as too long")
      }
      // A store that keeps another form than text knows the length of that form.
      trial.expect(abs(length - long.count) < long.count / 100, "its length: \(length), not about \(long.count)")
      trial.equal(reads.last?.bytes, Sample.document("short"), "the document beside it")
    },
  ]
}

extension Visitor {
  /// All names of a whole walk, each as often as it was found.
  func walk(_ look: (NamePage) throws -> Void = { _ in }) throws -> [EntryName] {
    var (position, found): (ScanPosition?, [EntryName]) = (nil, [])
    for _ in 0..<1_000 {
      let page = try get("a page of names") { store.schedules.names(from: position, then: $0) }
      found += page.names
      try look(page)
      guard let next = page.next else { return found }
      position = next
    }
    throw Trial.Stop("a walk does not come to its end")
  }
}

extension Scheduler.DocumentRead {
  var bytes: [UInt8]? { if case .document(let bytes) = content { bytes } else { nil } }
}
