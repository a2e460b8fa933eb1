import BeatCore

/// Cases of `ScheduleStore.commit`.
extension StoreCase {
  static let fires = [
    StoreCase("a fire replaces the document, sets the watermark and sends the message") { trial in
      let a = try trial.visitor()
      let plan = Sample.plan("a", trial.stage.now)
      trial.stage.write(plan.oldDocument, of: "a")
      trial.equal(try a.commit(plan), .fired, "the outcome")
      trial.stands(plan, messages: 1)
    },

    StoreCase("a late compare-and-set loses") { trial in
      let a = try trial.visitor()
      let plan = Sample.plan("a", trial.stage.now)
      let edited = Sample.document("a", more: #", "args": [1]"#)
      trial.stage.write(plan.oldDocument, of: "a")
      trial.stage.write(edited, of: "a")
      trial.equal(try a.commit(plan), .changed, "the outcome")
      trial.equal(trial.stage.document(of: "a"), edited, "the edit")
      trial.stands(nothingOf: plan)
    },

    StoreCase("a repeated commit answers \"already\", and sends nothing") { trial in
      let a = try trial.visitor()
      let plan = Sample.plan("a", trial.stage.now)
      trial.stage.write(plan.oldDocument, of: "a")
      trial.equal(try a.commit(plan), .fired, "the first outcome")
      trial.equal(try a.commit(plan), .alreadyMine, "the second outcome")
      trial.stands(plan, messages: 1)
      // A user writes the document back as it was.
      trial.stage.write(plan.oldDocument, of: "a")
      trial.equal(try a.commit(plan), .alreadyMine, "the outcome after the document was written back")
      trial.equal(trial.stage.messages(in: "q").count, 1, "messages after the document was written back")
    },

    StoreCase("what another has fired, or a later occurrence, answers \"already\"") { trial in
      let (a, now) = (try trial.visitor(), trial.stage.now)
      let plan = Sample.plan("a", now)
      trial.stage.write(plan.oldDocument, of: "a")
      trial.equal(try a.commit(plan), .fired, "the outcome")
      let document = plan.newDocument
      for (due, id) in [(now, "another"), (now.advanced(by: -1), "older")] {
        trial.equal(try a.commit(Sample.plan("a", due, id: id, old: document)), .already, "the \(id) one's outcome")
      }
      trial.stands(plan, messages: 1)
    },

    StoreCase("what is gone does not fire") { trial in
      let plan = Sample.plan("a", trial.stage.now)
      trial.equal(try trial.visitor().commit(plan), .gone, "the outcome")
      trial.equal(trial.stage.document(of: "a"), nil, "the document")
      trial.stands(nothingOf: plan)
    },

    StoreCase("nothing is fired early by the store's clock") { trial in
      let a = try trial.visitor()
      let before = trial.stage.now
      let plan = Sample.plan("a", before.advanced(by: 60_000_000))
      trial.stage.write(plan.oldDocument, of: "a")
      let outcome = try a.commit(plan)
      guard case .early(let told) = outcome else { return trial.breach("a minute ahead, the outcome is \(outcome)") }
      trial.expect(told >= before && told <= trial.stage.now, "the time told is not the store's")
      trial.equal(trial.stage.document(of: "a"), plan.oldDocument, "the document")
      trial.stands(nothingOf: plan)
    },

    StoreCase("each of a batch has its own outcome: one that cannot fire stops no other") { trial in
      let (a, now) = (try trial.visitor(), trial.stage.now)
      let plans = ["a", "edited", "b", "gone", "early", "c"].map {
        Sample.plan($0, $0 == "early" ? now.advanced(by: 60_000_000) : now)
      }
      for plan in plans where plan.entry != "gone" { trial.stage.write(plan.oldDocument, of: plan.entry) }
      trial.stage.write(Sample.document("edited", more: #", "args": [1]"#), of: "edited")
      let outcomes = try a.commit(plans)
      for (place, wanted) in [(0, FireOutcome.fired), (1, .changed), (2, .fired), (3, .gone), (5, .fired)] {
        trial.equal(outcomes[place], wanted, "\(plans[place].entry)'s outcome")
      }
      if case .early = outcomes[4] {} else { trial.breach("early's outcome: \(outcomes[4])") }
      trial.equal(trial.stage.messages(in: "q"), [0, 2, 5].map { plans[$0].message }, "the messages")
    },

    StoreCase("messages for one queue keep the order of a batch, and of batches", needs: [.direct]) { trial in
      try keepsOrder(trial, of: 300)
    },

    StoreCase("messages in the outbox keep the order of a batch, and of batches", needs: [.outbox]) { trial in
      try keepsOrder(trial, of: StoreSize.outboxLimit)
    },

    StoreCase("of one schedule's plans on the same document one fires") { trial in
      let (a, now) = (try trial.visitor(), trial.stage.now)
      let plans = [Sample.plan("a", now.advanced(by: -1)), Sample.plan("a", now)]
      trial.stage.write(plans[0].oldDocument, of: "a")
      let outcomes = try a.commit(plans)
      trial.equal(outcomes, [.fired, .changed], "the outcomes")
      trial.stands(plans[0], messages: 1)
    },

    StoreCase("a queue that holds another type refuses with a reason, and nothing changes", needs: [.direct]) { trial in
      let (a, now) = (try trial.visitor(), trial.stage.now)
      trial.stage.spoil(queue: "spoilt")
      let plans = [Sample.plan("a", now, to: .queue("spoilt")), Sample.plan("b", now)]
      for plan in plans { trial.stage.write(plan.oldDocument, of: plan.entry) }
      let outcomes = try a.commit(plans)
      guard case .refused(let reason) = outcomes[0] else { return trial.breach("the outcome is \(outcomes[0])") }
      trial.expect(reason.contains("spoilt"), "the reason does not name the queue: \(reason)")
      trial.equal(trial.stage.document(of: "a"), plans[0].oldDocument, "the document")
      trial.equal(trial.stage.watermark(of: "a"), nil, "the watermark")
      trial.equal(outcomes[1], .fired, "the outcome of another queue's")
    },

    StoreCase("an exchange's message goes to each of its queues, or is refused with a reason", needs: [.direct]) {
      trial in
      let (a, now) = (try trial.visitor(), trial.stage.now)
      for queue in ["one", "two"] { trial.stage.bind(queue: queue, to: "bound", routingKey: "k") }
      let plans = ["bound", "empty"].map { Sample.plan($0, now, to: .exchange($0, routingKey: "k")) }
      for plan in plans { trial.stage.write(plan.oldDocument, of: plan.entry) }
      let outcomes = try a.commit(plans)
      trial.equal(outcomes[0], .fired, "the outcome")
      for queue in ["one", "two"] { trial.equal(trial.stage.messages(in: queue), [plans[0].message], "in \(queue)") }
      guard case .refused(let reason) = outcomes[1] else { return trial.breach("without a queue: \(outcomes[1])") }
      trial.expect(reason.contains("empty"), "the reason does not name the exchange: \(reason)")
      trial.equal(trial.stage.document(of: "empty"), plans[1].oldDocument, "the document of what was refused")
    },

    StoreCase("a full outbox refuses and says so, and takes again what there is room for", needs: [.outbox]) { trial in
      let (a, now) = (try trial.visitor(), trial.stage.now)
      let plans = (0..<StoreSize.outboxLimit + 2).map { Sample.plan("s\($0)", now) }
      for plan in plans { trial.stage.write(plan.oldDocument, of: plan.entry) }
      let outcomes = try a.commit(plans)
      trial.equal(outcomes.prefix { $0 == .fired }.count, StoreSize.outboxLimit, "how many were fired, the first ones")
      for (plan, outcome) in zip(plans, outcomes).suffix(2) {
        guard case .refused(let reason) = outcome else { return trial.breach("the full outbox answers \(outcome)") }
        trial.expect(reason.contains("outbox"), "the reason does not name the outbox: \(reason)")
        trial.equal(trial.stage.document(of: plan.entry), plan.oldDocument, "the document of what was refused")
        trial.equal(trial.stage.watermark(of: plan.entry), nil, "the watermark of what was refused")
      }
      trial.equal(trial.stage.messages(in: "q").count, StoreSize.outboxLimit, "messages in the outbox")
      let page = try a.outboxPage(count: 1)
      if let first = page.items.first { try a.get("remove") { a.store.outbox.remove(first.handle, then: $0) } }
      trial.equal(try a.commit(plans[StoreSize.outboxLimit]), .fired, "the outcome when there is room again")
    },

    StoreCase("the history keeps each fire and is bounded") { trial in
      let (a, now) = (try trial.visitor(), trial.stage.now)
      let first = Sample.plan("first", now.advanced(by: -2_000_000), reason: .catchUp)
      trial.stage.write(first.oldDocument, of: "first")
      trial.equal(try a.commit(first), .fired, "the outcome")
      // The entry may be written behind the outcome, and is written before what is asked next.
      _ = try a.get("isEmpty") { a.store.outbox.isEmpty(then: $0) }
      guard let record = trial.stage.history.first else { return trial.breach("the history is empty") }
      trial.equal(record.name, "first", "its name")
      trial.equal(record.taskID, first.taskID.description, "its task's id")
      trial.equal(record.due, first.due, "its due time")
      trial.equal(record.reason, "catch-up", "why it was fired")
      trial.expect((2_000_000...60_000_000).contains(record.late), "\(record.late) µs late, not two seconds")
      // The history keeps "about" as many fires as it is told: whole pages of them.
      for round in 0..<10 {
        let plans = (0..<StoreSize.outboxLimit - 1).map { Sample.plan("s\(round)-\($0)", now) }
        for plan in plans { trial.stage.write(plan.oldDocument, of: plan.entry) }
        trial.equal(Set(try a.commit(plans)), [.fired], "the outcomes")
        try a.emptyOutbox()
      }
      let history = trial.stage.history
      trial.expect(history.count >= StoreSize.historyLength, "\(history.count) fires are remembered")
      trial.expect(history.count <= 4 * StoreSize.historyLength, "the history of \(history.count) fires is not bounded")
      trial.equal(history.last?.name, EntryName("s9-\(StoreSize.outboxLimit - 2)"), "the newest one")
    },
  ]

  private static func keepsOrder(_ trial: StoreTrial, of count: Int) throws {
    let (a, now) = (try trial.visitor(), trial.stage.now)
    let plans = (0..<count).map { Sample.plan("s\($0)", now, to: .queue($0.isMultiple(of: 3) ? "q" : "r")) }
    for plan in plans { trial.stage.write(plan.oldDocument, of: plan.entry) }
    // The second call does not wait for the answers to the first.
    let outcomes = [plans.prefix(count / 2), plans.suffix(count - count / 2)].map { a.beginCommit(Array($0)) }
    try trial.waitFor("each plan has its outcome") { outcomes.allSatisfy { !$0.value.contains(nil) } }
    trial.equal(Set(outcomes.flatMap(\.value)), [.fired], "the outcomes")
    for queue in ["q", "r"] {
      let wanted = plans.filter { $0.route == .queue(queue) }.map(\.message)
      trial.expect(trial.stage.messages(in: queue) == wanted, "the messages of \(queue) are not in their order")
    }
  }
}

extension StoreTrial {
  /// Expects everything that a fire leaves behind.
  func stands(_ plan: FirePlan, messages: Int) {
    equal(stage.document(of: plan.entry), plan.newDocument, "the document")
    equal(stage.watermark(of: plan.entry), plan.watermark.bytes, "the watermark")
    equal(stage.messages(in: "q"), [[UInt8]](repeating: plan.message, count: messages), "the messages")
  }

  func stands(nothingOf plan: FirePlan) {
    equal(stage.watermark(of: plan.entry), nil, "the watermark")
    equal(stage.messages(in: "q"), [], "the messages")
  }
}
