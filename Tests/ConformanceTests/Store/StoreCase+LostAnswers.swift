import BeatCore

/// Cases of answers that never come: the request may have been carried out all the same.
extension StoreCase {
  static let lostAnswers = [
    StoreCase("an outcome that was lost is found again by repeating it") { trial in
      let a = try trial.visitor()
      let plan = Sample.plan("a", trial.stage.now)
      trial.stage.write(plan.oldDocument, of: "a")
      trial.stage.loseAnswers(of: "a")
      let outcome = a.beginCommit([plan])
      try trial.waitFor("the fire is carried out") { trial.stage.watermark(of: "a") == plan.watermark.bytes }
      trial.equal(outcome.value, [nil], "the outcome, while it is on its way")
      trial.stage.cut("a")
      try trial.waitFor("the session ends") { a.failure != nil }
      trial.equal(outcome.value, [.unknown], "the outcome, when the session has ended")
      let b = try trial.visitor()
      trial.equal(try b.commit(plan), .alreadyMine, "the outcome of its repetition")
      // A document that follows its fire has its values when the message is read.
      _ = try b.get("the outbox") { b.store.outbox.read(behind: 0, newest: nil, count: 9, bytes: 9_999, then: $0) }
      trial.stands(plan, messages: 1)
    },

    StoreCase("what never arrived is carried out when it is repeated") { trial in
      let a = try trial.visitor()
      let plan = Sample.plan("a", trial.stage.now)
      trial.stage.write(plan.oldDocument, of: "a")
      a.close()
      let outcome = a.beginCommit([plan])
      try trial.waitFor("the outcome is known") { outcome.value[0] != nil }
      trial.equal(outcome.value, [.unknown], "the outcome after close()")
      trial.equal(try trial.visitor("b").commit(plan), .fired, "the outcome of its repetition")
      trial.stands(plan, messages: 1)
    },

    StoreCase("a watermark whose answer was lost stands, and is not put twice") { trial in
      let (a, now) = (try trial.visitor(), trial.stage.now)
      let (watermark, other) = (Sample.watermark(now), Sample.watermark(now.advanced(by: 1)))
      trial.stage.loseAnswers(of: "a")
      let answer = a.begin("putAbsent") { a.store.schedules.putAbsent([("a", watermark)], then: $0) }
      try trial.waitFor("it is carried out") { trial.stage.watermark(of: "a") != nil }
      trial.stage.cut("a")
      try trial.waitFor("it is answered") { answer.value != nil }
      trial.isLost(answer.value, "putAbsent")
      let b = try trial.visitor("b")
      trial.equal(try b.get("putAbsent") { b.store.schedules.putAbsent([("a", other)], then: $0) }, ["a"], "the others")
      trial.equal(trial.stage.watermark(of: "a"), watermark.bytes, "the watermark")
    },

    StoreCase("a lease whose answer was lost is found to be ours") { trial in
      let a = try trial.visitor()
      trial.stage.loseAnswers(of: "a")
      let request = HeartbeatRequest(sequence: 7, leaseTTL: 60_000_000)
      let answer = a.begin("a heartbeat") { a.store.leases.beat(request, then: $0) }
      // Another daemon finds the lease taken.
      let b = try trial.visitor("b")
      try trial.waitFor("the lease is taken") {
        if case .other? = try? b.beat(ttl: 60_000_000, .nothing).lease { true } else { false }
      }
      trial.stage.cut("a")
      try trial.waitFor("it is answered") { answer.value != nil }
      trial.isLost(answer.value, "a heartbeat")
      let again = try trial.visitor()
      guard case .held = try again.beat(ttl: 60_000_000).lease else { return trial.breach("the lease is not ours") }
    },
  ]
}

extension StoreTrial {
  func isLost<Value>(_ result: Result<Value, Refusal>?, _ what: String) {
    switch result {
    case .failure(let refusal)?: equal(refusal.kind, .lost, "\(what) of a session that has ended")
    case .success?: breach("\(what) whose answer was lost was answered with a success")
    case nil: breach("\(what) was not answered though the session has ended")
    }
  }
}
