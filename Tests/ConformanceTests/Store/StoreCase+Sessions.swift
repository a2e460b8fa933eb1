import BeatCore

/// Cases of how a session begins, ends and begins again, and of the rules of `Completion`.
extension StoreCase {
  static let sessions = [
    StoreCase("answers come once, in the order of the calls, and never inside them") { trial in
      let (a, now) = (try trial.visitor(), trial.stage.now)
      let plan = Sample.plan("a", now)
      trial.stage.write(plan.oldDocument, of: "a")
      let order = Box<[String]>([])
      func call<Value>(_ what: String, _ call: (@escaping Completion<Value>) -> Void) {
        _ = a.begin(what) { answer in
          call {
            order.value.append(what)
            answer($0)
          }
        }
      }
      let schedules = a.store.schedules
      call("read before") { schedules.read(["a"], then: $0) }
      call("put") { schedules.putAbsent([("a", Sample.watermark(now.advanced(by: -9)))], then: $0) }
      schedules.commit([plan]) { _, _ in order.value.append("commit") }
      call("read behind") { schedules.read(["a"], then: $0) }
      call("replace") { schedules.replace("a", expecting: .due(now), with: Sample.watermark(now), then: $0) }
      call("heartbeat") { a.store.leases.beat(HeartbeatRequest(sequence: 1, leaseTTL: nil), then: $0) }
      call("walk") { schedules.names(from: nil, then: $0) }
      try trial.waitFor("all is answered") { order.value.count == 7 }
      trial.equal(
        order.value.count { $0 == "walk" }, 1, "the answers to a walk, which may have a connection of its own")
      trial.equal(
        order.value.filter { $0 != "walk" }, ["read before", "put", "commit", "read behind", "replace", "heartbeat"],
        "the order of answers"
      )
    },

    StoreCase("what was asked for is done in the order of the calls") { trial in
      let (a, now) = (try trial.visitor(), trial.stage.now)
      let plan = Sample.plan("a", now)
      trial.stage.write(plan.oldDocument, of: "a")
      let before = a.begin("a read") { a.store.schedules.read(["a"], then: $0) }
      let outcome = a.beginCommit([plan])
      let behind = a.begin("a read") { a.store.schedules.read(["a"], then: $0) }
      try trial.waitFor("all is answered") { behind.value != nil && before.value != nil && outcome.value[0] != nil }
      trial.equal(try before.value?.get().first?.bytes, plan.oldDocument, "what was read before the fire")
      trial.equal(try before.value?.get().first?.watermarkState, .absent, "the watermark of before the fire")
      trial.equal(try behind.value?.get().first?.bytes, plan.newDocument, "what was read behind the fire")
      trial.equal(try behind.value?.get().first?.watermark, plan.watermark, "the watermark of behind the fire")
    },

    StoreCase("a session that the server ends says so once, after its open calls are lost, and is silent then") {
      trial in
      let (a, now) = (try trial.visitor(), trial.stage.now)
      trial.stage.write(Sample.document("a"), of: "a")
      trial.stage.loseAnswers(of: "a")
      let read = a.begin("a read") { a.store.schedules.read(["a"], then: $0) }
      let outcome = a.beginCommit([Sample.plan("b", now)])
      trial.stage.cut("a")
      // The event record checks that no call is open when the session reports its end.
      try trial.waitFor("the session ends") { a.failure != nil }
      trial.isLost(read.value, "a read")
      trial.equal(outcome.value, [.unknown], "the outcome of a fire")
      trial.stage.write(nil, of: "a")
      _ = trial.wait(100_000) { false }
      trial.equal(a.events.count { $0.isEnd }, 1, "how often the end is told")
    },

    StoreCase("after the end, calls are lost, and not forgotten") { trial in
      let a = try trial.visitor()
      trial.stage.cut("a")
      try trial.waitFor("the session ends") { a.failure != nil }
      trial.isLost(try a.result("a read") { a.store.schedules.read(["a"], then: $0) }, "a read")
      trial.isLost(
        try a.result("a heartbeat") { a.store.leases.beat(HeartbeatRequest(sequence: 1, leaseTTL: nil), then: $0) },
        "a heartbeat")
      trial.isLost(try a.result("release") { a.store.leases.release(then: $0) }, "release")
      trial.isLost(try a.result("a walk") { a.store.schedules.names(from: nil, then: $0) }, "a walk")
      trial.isLost(try a.result("isEmpty") { a.store.outbox.isEmpty(then: $0) }, "isEmpty")
      trial.equal(try a.commit(Sample.plan("a", trial.stage.now)), .unknown, "the outcome of a fire")
    },

    StoreCase("close() ends without a word, and what is open is lost in a later turn") { trial in
      let a = try trial.visitor()
      let read = a.begin("a read") { a.store.schedules.read(["a"], then: $0) }
      a.close()
      trial.expect(read.value == nil, "an open call is answered inside close()")
      try trial.waitFor("it is answered") { read.value != nil }
      trial.isLost(read.value, "a read")
      trial.stage.write(Sample.document("a"), of: "a")
      _ = trial.wait(100_000) { false }
      trial.expect(a.failure == nil, "close() tells of an end")
    },

    StoreCase("the way back is the way in: what was written before stands, what is written then is heard") { trial in
      let a = try trial.visitor()
      trial.stage.write(Sample.document("a"), of: "a")
      trial.stage.cut("a")
      try trial.waitFor("the session ends") { a.failure != nil }
      let again = try trial.visitor()
      trial.equal(try again.read(["a"]).first?.bytes, Sample.document("a"), "the document")
      trial.stage.write(Sample.document("b"), of: "b")
      try again.hearAll()
      trial.expect(again.hears(of: "b"), "a document that was written after the reconnect is not heard")
    },

    StoreCase(
      "a server that is away ends the session with a reason, and one that is back keeps what it had",
      needs: [.durable]
    ) { trial in
      let a = try trial.visitor()
      let plan = Sample.plan("a", trial.stage.now)
      trial.stage.write(plan.oldDocument, of: "a")
      trial.equal(try a.commit(plan), .fired, "the outcome")
      trial.stage.isRunning = false
      try trial.waitFor("the session ends") { a.failure != nil }
      do {
        _ = try trial.visitor("b")
        trial.breach("a session with a server that is away")
      } catch let stop as Trial.Stop {
        trial.expect(stop.breach.count > "no session: ".count + 5, "no reason is told: \(stop.breach)")
      }
      trial.stage.isRunning = true
      let c = try trial.visitor("c")
      trial.equal(try c.commit(plan), .alreadyMine, "the outcome when it is back")
      // The killed server may have lost the document's write. A read of the outbox then repeats it.
      _ = try c.get("outbox") { c.store.outbox.read(behind: 0, newest: nil, count: 1, bytes: 1, then: $0) }
      trial.stands(plan, messages: 1)
    },

    StoreCase("a rehearsal finds that all is allowed, and leaves nothing behind") { trial in
      let a = try trial.visitor()
      trial.stage.write(Sample.document("a"), of: "a")
      let proof = Box<Candidacy.Proof?>(nil)
      a.store.rehearse(isLoaded: true) { proof.value = $0 }
      trial.expect(proof.value == nil, "a rehearsal is answered inside the call")
      try trial.waitFor("a rehearsal is answered") { proof.value != nil }
      trial.equal(proof.value, .able, "what it finds")
      trial.equal(try a.walk(), ["a"], "the documents")
      trial.equal(trial.stage.messages(in: "q"), [], "the messages")
      trial.expect(trial.stage.history.isEmpty, "the history tells of a rehearsal")
      trial.equal(try a.get("isEmpty") { a.store.outbox.isEmpty(then: $0) }, true, "whether the outbox is empty")
      a.store.rehearse(isLoaded: true) { _ in trial.breach("a rehearsal that was cancelled is answered") }
      a.store.cancelRehearsal()
      _ = trial.wait(100_000) { false }
    },

    StoreCase("a store in order has nothing strange at its own places") { trial in
      let a = try trial.visitor()
      try a.lead()
      let plan = Sample.plan("a", trial.stage.now)
      trial.stage.write(plan.oldDocument, of: "a")
      trial.equal(try a.commit(plan), .fired, "the outcome")
      let places = Box<[String]?>(nil)
      a.store.foreignPlaces { places.value = $0 }
      try trial.waitFor("foreignPlaces is answered") { places.value != nil }
      trial.equal(places.value, [], "what stands at its own places")
      trial.expect(try a.beat(ttl: 60_000_000).damaged.isEmpty, "a heartbeat finds damage")
    },
  ]
}
