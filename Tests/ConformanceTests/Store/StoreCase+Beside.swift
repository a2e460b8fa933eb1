import BeatCore

/// Cases of `DaemonRegistry` and `ReceiptStore`.
extension StoreCase {
  static func record(_ host: String, isLeading: Bool = false) -> DaemonRecord {
    DaemonRecord(
      version: "1", host: host, processID: 7, since: UnixTime(seconds: 1_772_452_800), isLeading: isLeading,
      events: "keyspace", delivery: "direct", schedules: 3, rejected: 1, repaired: 0, timezone: "UTC", broker: "b")
  }

  static let beside = [
    StoreCase("a daemon's record is listed, replaced and taken away") { trial in
      let (a, b) = (try trial.visitor("a"), try trial.visitor("b"))
      try a.get("write") { a.store.daemons.write(record("one"), then: $0) }
      try b.get("write") { b.store.daemons.write(record("two"), then: $0) }
      trial.equal(try b.records(), ["a": record("one"), "b": record("two")], "the records")
      try a.get("write") { a.store.daemons.write(record("one", isLeading: true), then: $0) }
      trial.equal(try b.records(), ["a": record("one", isLeading: true), "b": record("two")], "the records, replaced")
      a.store.daemons.remove()
      trial.equal(try a.records(), ["b": record("two")], "the records, when one is taken away")
    },

    StoreCase("a daemon is alive while its heartbeat is there") { trial in
      let (a, b) = (try trial.visitor("a"), try trial.visitor("b"))
      func isAlive(_ instance: String) throws -> Bool {
        try a.get("isAlive") { a.store.daemons.isAlive(instance, then: $0) }
      }
      trial.equal(try isAlive("b"), false, "whether it is alive before its first heartbeat")
      _ = try b.beat()
      trial.equal(try isAlive("b"), true, "whether it is alive after it")
      trial.equal(try isAlive("nobody"), false, "whether one is alive that never was")
    },

    StoreCase("a sweep takes out the records of the dead, and keeps those of the living") { trial in
      let (a, b, c) = (try trial.visitor("a"), try trial.visitor("b"), try trial.visitor("c"))
      for visitor in [a, b, c] { try visitor.get("write") { visitor.store.daemons.write(record("h"), then: $0) } }
      for visitor in [a, c] { _ = try visitor.beat() }
      a.store.daemons.sweep()
      try trial.waitFor("the dead one's record is gone") { (try? a.records()["b"]) == .some(nil) }
      trial.equal(Set(try a.records().keys), ["a", "c"], "the records that are kept")
    },

    StoreCase("receipts are written, replaced and taken away, and a walk finds each") { trial in
      let a = try trial.visitor()
      func receipt(_ reason: String) -> EditReceipt {
        EditReceipt(.rejected(reason: reason), heard: UnixTime(seconds: 1_772_452_800))
      }
      var all: [EntryName: EditReceipt] = [:]
      for number in 0..<700 { all[EntryName("s\(number)")] = receipt("\(number)") }
      a.store.receipts.write(all)
      trial.equal(try a.receipts(), all.mapValues(\.bytes), "the receipts")
      a.store.receipts.write(["s0": receipt("another"), "s1": nil, "s2": nil, "new": receipt("new")])
      all["s0"] = receipt("another")
      all["new"] = receipt("new")
      for name in ["s1", "s2"] { all[EntryName(name)] = nil }
      trial.equal(try a.receipts(), all.mapValues(\.bytes), "the receipts after some were replaced and taken away")
    },
  ]
}

extension Visitor {
  func records() throws -> [String: DaemonRecord] {
    let records = try get("others") { store.daemons.others(then: $0) }
    return Dictionary(records.map { ($0.instance, $0.record) }) { $1 }
  }

  func receipts() throws -> [EntryName: [UInt8]] {
    var (position, found): (ScanPosition?, [EntryName: [UInt8]]) = (nil, [:])
    for _ in 0..<1_000 {
      let page = try get("a page of receipts") { store.receipts.page(from: position, then: $0) }
      for (name, bytes) in page.receipts { found[name] = bytes }
      guard let next = page.next else { return found }
      position = next
    }
    throw Trial.Stop("a walk through receipts does not come to its end")
  }
}
