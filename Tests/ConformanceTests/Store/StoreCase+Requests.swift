import BeatCore

/// Cases of manual runs: `ManualRequests`.
extension StoreCase {
  private static let minute: Int64 = 60_000_000

  static let requests = [
    StoreCase("a request is found, carried out once and answered") { trial in
      let (a, request, plan) = try asked(trial)
      trial.equal(try a.requests().map(\.id), ["request"], "the requests that wait")
      trial.equal(try a.requests().map(\.request), [request], "what they ask for")
      trial.equal(try a.settle(request, "request", by: .fire(plan)), .fired, "the outcome")
      trial.equal(try a.settle(request, "request", by: .fire(plan)), .over, "the outcome of its repetition")
      trial.equal(trial.stage.messages(in: "q"), [plan.message], "the messages")
      trial.equal(trial.stage.answer(to: "request"), "fired \(plan.taskID)", "the answer")
      trial.equal(try a.requests().count, 0, "requests that wait")
    },

    StoreCase("a run by hand leaves document and watermark as they are, and stands in the history") { trial in
      let (a, request, plan) = try asked(trial)
      trial.equal(try a.settle(request, "request", by: .fire(plan)), .fired, "the outcome")
      trial.equal(trial.stage.document(of: "a"), plan.oldDocument, "the document")
      trial.equal(trial.stage.watermark(of: "a"), nil, "the watermark")
      trial.equal(trial.stage.history.map(\.reason), ["manual"], "the history")
      trial.equal(trial.stage.history.map(\.taskID), [plan.taskID.description], "the task in the history")
    },

    StoreCase("of two daemons one carries a request out") { trial in
      let (a, request, plan) = try asked(trial)
      let b = try trial.visitor("b")
      let outcomes = [a, b].map { visitor in
        let outcome = Box<ManualOutcome?>(nil)
        visitor.store.requests.settle(request, id: "request", by: .fire(plan)) { outcome.value = $0 }
        return outcome
      }
      try trial.waitFor("both are answered") { !outcomes.contains { $0.value == nil } }
      trial.equal(outcomes.count { $0.value == .fired }, 1, "how many have carried it out")
      trial.equal(trial.stage.messages(in: "q"), [plan.message], "the messages")
    },

    StoreCase("a request whose deadline has passed is not carried out") { trial in
      let a = try trial.visitor()
      let plan = Sample.plan("a", trial.stage.now, reason: .manual)
      trial.stage.write(plan.oldDocument, of: "a")
      let request = ManualRequest("a", deadline: trial.stage.now.advanced(by: -1_000))
      trial.stage.ask(request.bytes, id: "late")
      trial.equal(try a.settle(request, "late", by: .fire(plan)), .over, "the outcome")
      trial.equal(trial.stage.messages(in: "q"), [], "the messages")
      trial.equal(try a.requests().count, 0, "requests that wait")
    },

    StoreCase("a request that is refused is answered with the reason") { trial in
      let (a, request, _) = try asked(trial)
      trial.equal(
        try a.settle(request, "request", by: .refuse("it is finished")), .refused("it is finished"), "the outcome")
      trial.equal(trial.stage.answer(to: "request"), "refused it is finished", "the answer")
      trial.equal(try a.requests().count, 0, "requests that wait")
      trial.stage.ask(request.bytes, id: "another")
      a.store.requests.refuse("another", because: "we may not")
      try trial.waitFor("it is answered") { trial.stage.answer(to: "another") != nil }
      trial.equal(trial.stage.answer(to: "another"), "refused we may not", "the answer of refuse()")
      trial.equal(try a.requests().count, 0, "requests that wait after refuse()")
    },

    StoreCase("a request for a document that was edited meanwhile waits on") { trial in
      let (a, request, plan) = try asked(trial)
      trial.stage.write(Sample.document("a", more: #", "args": [1]"#), of: "a")
      trial.equal(try a.settle(request, "request", by: .fire(plan)), .changed, "the outcome")
      trial.equal(trial.stage.messages(in: "q"), [], "the messages")
      trial.equal(trial.stage.answer(to: "request"), nil, "the answer")
      trial.equal(try a.requests().map(\.id), ["request"], "the requests that wait")
    },

    StoreCase("a request that cannot be read is taken away") { trial in
      let (a, _, _) = try asked(trial)
      trial.stage.ask(Array("tomorrow, please".utf8), id: "strange")
      trial.equal(try a.requests().map(\.id), ["request"], "the requests that can be read")
      try trial.waitFor("the others are gone") { (try? a.requests().count) == 1 }
    },

    StoreCase("a run by hand for a queue that cannot take it is refused with a reason", needs: [.direct]) { trial in
      let a = try trial.visitor()
      trial.stage.spoil(queue: "spoilt")
      let plan = Sample.plan("a", trial.stage.now, to: .queue("spoilt"), reason: .manual)
      trial.stage.write(plan.oldDocument, of: "a")
      let request = ManualRequest("a", deadline: trial.stage.now.advanced(by: minute))
      trial.stage.ask(request.bytes, id: "request")
      guard case .refused(let reason) = try a.settle(request, "request", by: .fire(plan)) else {
        return trial.breach("it is not refused")
      }
      trial.expect(reason.contains("spoilt"), "the reason does not name the queue: \(reason)")
      trial.expect(trial.stage.answer(to: "request")?.hasPrefix("refused ") ?? false, "who asked is not told")
    },

    StoreCase("a run by hand finds a full outbox full", needs: [.outbox]) { trial in
      let (a, request, plan) = try asked(trial)
      for number in 0..<StoreSize.outboxLimit { trial.stage.putIntoOutbox(Sample.item("i\(number)")) }
      guard case .refused(let reason) = try a.settle(request, "request", by: .fire(plan)) else {
        return trial.breach("it is not refused")
      }
      trial.expect(reason.contains("outbox"), "the reason does not name the outbox: \(reason)")
      trial.expect(trial.stage.answer(to: "request")?.hasPrefix("refused ") ?? false, "who asked is not told")
      trial.equal(trial.stage.messages(in: "q").count, StoreSize.outboxLimit, "messages in the outbox")
    },
  ]

  private static func asked(_ trial: StoreTrial) throws -> (Visitor, ManualRequest, FirePlan) {
    let a = try trial.visitor()
    let plan = Sample.plan("a", trial.stage.now, id: "by-hand", reason: .manual)
    trial.stage.write(plan.oldDocument, of: "a")
    let request = ManualRequest("a", deadline: trial.stage.now.advanced(by: minute))
    trial.stage.ask(request.bytes, id: "request")
    return (a, request, plan)
  }
}

extension ManualOutcome: Equatable {
  package static func == (left: ManualOutcome, right: ManualOutcome) -> Bool {
    switch (left, right) {
    case (.fired, .fired), (.changed, .changed), (.over, .over): true
    case (.refused(let one), .refused(let other)): one == other
    case (.failed(let one), .failed(let other)): one == other
    default: false
    }
  }
}

extension Visitor {
  func settle(_ request: ManualRequest, _ id: String, by step: ManualStep) throws -> ManualOutcome {
    let outcome = try get("settle") { (answer: @escaping Completion<ManualOutcome>) in
      store.requests.settle(request, id: id, by: step) { answer(.success($0)) }
    }
    return outcome
  }

  /// All requests that wait.
  func requests() throws -> [(id: String, request: ManualRequest)] {
    var (position, found): (ScanPosition?, [(id: String, request: ManualRequest)]) = (nil, [])
    for _ in 0..<1_000 {
      let page = try get("a page of requests") { store.requests.page(from: position, then: $0) }
      found += page.requests
      guard let next = page.next else { return found }
      position = next
    }
    throw Trial.Stop("a walk through requests does not come to its end")
  }
}
