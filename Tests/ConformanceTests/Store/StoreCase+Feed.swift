import BeatCore

/// Cases of what a session reports of changes: `StoreEvent`.
extension StoreCase {
  static let feed = [
    StoreCase("an edit, a new document and a deletion are heard") { trial in
      let a = try trial.visitor()
      for (what, document) in [
        ("a new document", Sample.document("a")), ("an edit", Sample.document("a", more: #", "args": [1]"#)),
        ("the same bytes again", Sample.document("a", more: #", "args": [1]"#)), ("a deletion", nil),
      ] {
        a.forgetEvents()
        trial.stage.write(document, of: "a")
        try a.hearAll()
        trial.expect(a.hears(of: "a"), "\(what) is not heard before the next heartbeat")
      }
    },

    StoreCase("a fire is heard, by its own daemon and by others") { trial in
      let (a, b, now) = (try trial.visitor("a"), try trial.visitor("b"), trial.stage.now)
      let plan = Sample.plan("a", now)
      trial.stage.write(plan.oldDocument, of: "a")
      for visitor in [a, b] {
        try visitor.hearAll()
        visitor.forgetEvents()
      }
      trial.equal(try a.commit(plan), .fired, "the outcome")
      for visitor in [a, b] {
        try visitor.hearAll()
        trial.expect(visitor.hears(of: "a"), "\(visitor.instance) does not hear of the fire")
      }
    },

    StoreCase("a write in place is told once for each fire, so that own writes can be counted") { trial in
      let (a, now) = (try trial.visitor("a"), trial.stage.now)
      let plans = (0..<5).map { Sample.plan("s\($0)", now) }
      for plan in plans { trial.stage.write(plan.oldDocument, of: plan.entry) }
      try a.hearAll()
      a.forgetEvents()
      trial.equal(Set(try a.commit(plans)), [.fired], "the outcomes")
      try a.hearAll()
      for plan in plans {
        let count = a.events.count { if case .writtenInPlace(plan.entry) = $0 { true } else { false } }
        // A store that cannot recognise its own writes reports `touched`, and the daemon reads once more.
        trial.expect(count <= 1, "one fire is told as \(count) writes in place")
      }
    },

    StoreCase("an edit is never told as a write in place alone") { trial in
      let a = try trial.visitor("a")
      trial.stage.write(Sample.document("a"), of: "a")
      try a.hearAll()
      a.forgetEvents()
      trial.stage.write(Sample.document("a", more: #", "args": [1]"#), of: "a")
      try a.hearAll()
      let isTold = a.events.contains {
        if case .touched("a") = $0 { true } else { $0.touchesAll }
      }
      trial.expect(isTold, "an edit is taken for a fire")
    },

    StoreCase("a lease that was given back, or ran out, is heard") { trial in
      let (a, b) = (try trial.visitor("a"), try trial.visitor("b"))
      try a.lead()
      _ = try a.get("release") { a.store.leases.release(then: $0) }
      try trial.waitFor("the lease's release is heard") { b.events.contains { $0.isLeaseFreed } }
      b.forgetEvents()
      try a.lead(ttl: 200_000)
      try trial.waitFor("the lease's end is heard") { b.events.contains { $0.isLeaseFreed } }
    },

    StoreCase("a request for a run by hand is heard") { trial in
      let a = try trial.visitor()
      trial.stage.ask(ManualRequest("a", deadline: trial.stage.now.advanced(by: 1_000_000)).bytes, id: "request")
      try trial.waitFor("a request is heard") { a.events.contains { $0.isRequest } }
    },

    StoreCase("a name that is too long is told of, and not as a document") { trial in
      let a = try trial.visitor()
      let long = EntryName([UInt8](repeating: UInt8(ascii: "n"), count: Limit.nameLength.most + 1))
      trial.stage.write(Sample.document("x"), of: long)
      try a.hearAll()
      trial.expect(
        !a.events.contains { if case .touched(long) = $0 { true } else { false } }, "it is told as a document")
      let isTold = a.events.contains {
        if case .ignored(let names) = $0 { names.count == 1 && names.longest == long.bytes.count } else { false }
      }
      trial.expect(isTold, "it is not told of")
    },

    StoreCase("a feed that died says so, and what changed meanwhile must be looked at again") { trial in
      let a = try trial.visitor()
      trial.stage.write(Sample.document("a"), of: "a")
      try a.hearAll()
      a.forgetEvents()
      trial.stage.silence()
      trial.stage.write(Sample.document("a", more: #", "args": [1]"#), of: "a")
      try trial.waitFor("a change while nothing was heard is told of") { a.hears(of: "a") }
      guard a.failure == nil else { return }
      // The session goes on, and reports changes again.
      try a.hearAll()
      a.forgetEvents()
      trial.stage.write(nil, of: "a")
      try a.hearAll()
      trial.expect(a.hears(of: "a"), "after the feed came back a deletion is not heard")
    },
  ]
}
