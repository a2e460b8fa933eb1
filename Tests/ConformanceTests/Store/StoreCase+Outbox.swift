import BeatCore

/// Cases of messages that wait for a publisher: `Outbox`.
extension StoreCase {
  static let outbox = [
    StoreCase("what was fired waits in the outbox, the oldest first, with its route and its task", needs: [.outbox]) {
      trial in
      let (a, now) = (try trial.visitor(), trial.stage.now)
      trial.equal(try a.get("isEmpty") { a.store.outbox.isEmpty(then: $0) }, true, "whether it is empty")
      let routes = [Route.queue("q"), .exchange("e", routingKey: "k"), .queue("r")]
      let plans = routes.enumerated().map { Sample.plan("s\($0)", now, to: $1) }
      for plan in plans { trial.stage.write(plan.oldDocument, of: plan.entry) }
      trial.equal(try a.commit(plans), [.fired, .fired, .fired], "the outcomes")
      trial.equal(try a.get("isEmpty") { a.store.outbox.isEmpty(then: $0) }, false, "whether it is empty then")
      let page = try a.outboxPage()
      trial.equal(page.count, 3, "how many it says there are")
      trial.equal(page.items.map(\.item), plans.map { OutboxItem($0) }, "the items")
    },

    StoreCase("a page of the outbox is bounded by count and by bytes, and never empty", needs: [.outbox]) { trial in
      let a = try trial.visitor()
      let items = (0..<10).map { Sample.item("i\($0)", length: 1_000) }
      for item in items { trial.stage.putIntoOutbox(item) }
      trial.equal(try a.outboxPage(count: 4).items.map(\.item), Array(items.prefix(4)), "four items")
      let page = try a.outboxPage(bytes: 2_500)
      trial.equal(page.items.map(\.item), Array(items.prefix(2)), "items of 2,500 bytes")
      trial.equal(page.count, 10, "how many it says there are")
      trial.equal(try a.outboxPage(bytes: 1).items.map(\.item), Array(items.prefix(1)), "items of one byte")
      trial.equal(try a.outboxPage(count: 0).items.count, 0, "no items")
    },

    StoreCase("what is passed over is passed over only while it is in its place", needs: [.outbox]) { trial in
      let a = try trial.visitor()
      let items = (0..<6).map { Sample.item("i\($0)") }
      for item in items { trial.stage.putIntoOutbox(item) }
      let handles = try a.outboxPage().items.map(\.handle)
      guard handles.count == 6 else { return trial.breach("\(handles.count) items, not 6") }
      let page = try a.outboxPage(behind: 2, newest: handles[1])
      trial.equal(page.items.map(\.item), Array(items.dropFirst(2)), "the items behind two")
      trial.equal(page.isMoved, false, "whether they have moved")
      try a.get("remove") { a.store.outbox.remove(handles[0], then: $0) }
      let moved = try a.outboxPage(behind: 2, newest: handles[1])
      trial.equal(moved.isMoved, true, "whether they have moved when one was taken out")
      trial.equal(moved.items.count, 0, "what is read when they have moved")
    },

    StoreCase("an item is taken out alone, and once", needs: [.outbox]) { trial in
      let a = try trial.visitor()
      let items = (0..<4).map { Sample.item("i\($0)") }
      for item in items { trial.stage.putIntoOutbox(item) }
      let handles = try a.outboxPage().items.map(\.handle)
      guard handles.count == 4 else { return trial.breach("\(handles.count) items, not 4") }
      for _ in 0..<2 { try a.get("remove") { a.store.outbox.remove(handles[1], then: $0) } }
      trial.equal(try a.outboxPage().items.map(\.item), [items[0], items[2], items[3]], "the items that are left")
    },

    StoreCase("what is none of ours is told as such, and can be taken out", needs: [.outbox]) { trial in
      let a = try trial.visitor()
      trial.stage.putIntoOutbox(nil)
      trial.stage.putIntoOutbox(Sample.item("ours"))
      let page = try a.outboxPage()
      trial.equal(page.items.map(\.item), [nil, Sample.item("ours")], "the items")
      if let first = page.items.first { try a.get("remove") { a.store.outbox.remove(first.handle, then: $0) } }
      trial.equal(try a.outboxPage().items.map(\.item), [Sample.item("ours")], "the items that are left")
    },

    StoreCase("a message is set aside alone and once, with its reason", needs: [.outbox]) { trial in
      let a = try trial.visitor()
      let items = (0..<4).map { Sample.item("i\($0)", length: 100) }
      for item in items { trial.stage.putIntoOutbox(item) }
      let handles = try a.outboxPage().items.map(\.handle)
      guard handles.count == 4 else { return trial.breach("\(handles.count) items, not 4") }
      for reason in ["too long a name", "again"] {
        trial.equal(try a.setAside(handles[2], reason), true, "whether it is set aside")
      }
      let page = try a.outboxPage()
      trial.equal(page.items.map(\.item), [items[0], items[1], items[3]], "the items that are left")
      trial.equal(page.count, 3, "how many it says there are")
      trial.equal(trial.stage.setAside, [MessageSetAside(id: "i2", reason: "too long a name")], "what is set aside")
    },

    StoreCase("the place of messages set aside is bounded, and what finds no room stays", needs: [.outbox]) { trial in
      let a = try trial.visitor()
      let items = (0..<2).map { Sample.item("i\($0)") }
      for item in items { trial.stage.putIntoOutbox(item) }
      trial.stage.fillSetAside()
      let handles = try a.outboxPage().items.map(\.handle)
      guard handles.count == 2 else { return trial.breach("\(handles.count) items, not 2") }
      trial.equal(try handles.map { try a.setAside($0, "never") }, [true, false], "whether they are set aside")
      trial.equal(try a.outboxPage().items.map(\.item), [items[1]], "the items that are left")
      trial.equal(trial.stage.setAside.count, Limit.messagesSetAside.most, "how many are set aside")
    },

    StoreCase("a message whose setting aside was broken off is neither lost nor doubled", needs: [.outbox]) { trial in
      let a = try trial.visitor()
      trial.stage.putIntoOutbox(Sample.item("i0"))
      trial.stage.putIntoOutbox(Sample.item("i1"))
      guard let first = try a.outboxPage().items.first else { return trial.breach("no item") }
      trial.stage.loseAnswers(of: a.instance)
      a.store.outbox.setAside(first.handle, reason: "never") { _ in }
      _ = trial.stage.wait(500_000) { false }
      trial.stage.cut(a.instance)
      let b = try trial.visitor("b")
      // Whoever comes next asks again where the item still is.
      for item in try b.outboxPage().items where item.item?.taskID == TaskID(text: "i0") {
        trial.equal(try b.setAside(item.handle, "never"), true, "whether it is set aside")
      }
      trial.equal(try b.outboxPage().items.map(\.item), [Sample.item("i1")], "the items that are left")
      trial.equal(trial.stage.setAside, [MessageSetAside(id: "i0", reason: "never")], "what is set aside")
    },
  ]
}

extension Visitor {
  func outboxPage(
    behind skipped: Int = 0, newest: OutboxHandle? = nil, count: Int = 128, bytes: Int = 1_000_000
  ) throws -> OutboxPage {
    try get("a page of the outbox") {
      store.outbox.read(behind: skipped, newest: newest, count: count, bytes: bytes, then: $0)
    }
  }

  func setAside(_ handle: OutboxHandle, _ reason: String) throws -> Bool {
    try get("setAside") { store.outbox.setAside(handle, reason: reason, then: $0) }
  }

  func emptyOutbox() throws {
    for item in try outboxPage().items { try get("remove") { store.outbox.remove(item.handle, then: $0) } }
  }
}
