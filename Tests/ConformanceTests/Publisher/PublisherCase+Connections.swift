import BeatCore

/// Cases of connections that end, and of brokers that are unreachable.
extension PublisherCase {
  static let connections = [
    PublisherCase("a connection that dies gives \"unknown\", and not \"done\"") { trial in
      let relay = try trial.relay()
      // The first message of a queue may go alone.
      let first = Sample.item("first")
      trial.equal(try relay.publish([first]), [.delivered], "the first outcome")
      trial.stage.loseAnswers()
      let items = (0..<5).map { Sample.item("i\($0)") }
      let outcomes = try relay.begin(items)
      try trial.waitFor("they are carried out") { trial.stage.messages(in: "q").count == items.count + 1 }
      trial.equal(outcomes.value, items.map { _ in nil }, "the outcomes while they are on their way")
      trial.stage.cut()
      try trial.waitFor("the connection is lost") { relay.loss != nil }
      trial.equal(outcomes.value, items.map { _ in .unknown }, "the outcomes when it is lost")
      // The next connection must find out what happened.
      try relay.connect()
      let again = try relay.publish(items)
      let isDropped = relay.publisher.dropsRepeats
      trial.equal(again, items.map { _ in isDropped ? .duplicate : .delivered }, "the outcomes of the repetition")
      let found = trial.stage.messages(in: "q")
      trial.equal(found.count, isDropped ? 6 : 11, "messages")
      trial.equal(Array(found.prefix(6)), ([first] + items).map { trial.stage.form(of: $0) }, "the first ones")
    },

    PublisherCase("what was never sent is unknown or not sent, and not an answer inside the call") { trial in
      let relay = try trial.relay()
      let item = Sample.item("a")
      relay.disconnect()
      let outcome = try relay.publish([item])
      trial.expect([[.unknown], [.notSent]].contains(outcome), "the outcome without a connection is \(outcome)")
      trial.equal(trial.stage.messages(in: "q"), [], "messages")
      try relay.connect()
      trial.equal(try relay.publish([item]), [.delivered], "the outcome with a connection")
    },

    PublisherCase("disconnect() is silent") { trial in
      let relay = try trial.relay()
      relay.disconnect()
      trial.stage.cut()
      _ = trial.wait(100_000) { false }
      trial.expect(relay.loss == nil, "it tells of a loss")
    },

    PublisherCase("a broker that is away is lost with a reason, and is found when it is back") { trial in
      let relay = try trial.relay()
      let item = Sample.item("a")
      trial.equal(try relay.publish([item]), [.delivered], "the outcome")
      trial.stage.isRunning = false
      try trial.waitFor("the connection is lost") { relay.loss != nil }
      try relay.begin()
      trial.expect(!relay.isReady, "a broker that is away is ready")
      trial.expect(!(relay.loss ?? "").isEmpty, "no reason is told")
      trial.stage.isRunning = true
      try relay.connect()
      trial.equal(try relay.publish([Sample.item("b")]), [.delivered], "the outcome when it is back")
      trial.equal(trial.stage.messages(in: "q").first, trial.stage.form(of: item), "what was confirmed before")
    },

    PublisherCase("a rehearsal and a look find a broker in order, and leave nothing behind") { trial in
      let relay = try trial.relay()
      for (what, call) in asides(of: relay.publisher) {
        let answer = Box<String??>(nil)
        call { answer.value = .some($0) }
        trial.expect(answer.value == nil, "\(what) is answered inside the call")
        try trial.waitFor("\(what) is answered") { answer.value != nil }
        trial.equal(answer.value ?? "", nil, "what is in the way, by \(what)")
      }
      for queue in ["celery", "q"] { trial.equal(trial.stage.messages(in: queue), [], "messages in \(queue)") }
    },

    PublisherCase("a rehearsal and a look tell what is in the way where the broker is away") { trial in
      let publisher = try trial.stage.publisher()
      trial.stage.isRunning = false
      for (what, call) in asides(of: publisher) {
        let answer = Box<String??>(nil)
        call { answer.value = .some($0) }
        try trial.waitFor("\(what) is answered") { answer.value != nil }
        trial.expect(!((answer.value ?? nil) ?? "").isEmpty, "\(what) finds nothing in the way")
      }
    },

    PublisherCase("a rehearsal and a look that were cancelled are not answered") { trial in
      let publisher = try trial.stage.publisher()
      publisher.rehearse { _ in trial.breach("a rehearsal that was cancelled is answered") }
      publisher.cancelRehearsal()
      publisher.probe { _ in trial.breach("a look that was cancelled is answered") }
      publisher.cancelProbe()
      _ = trial.wait(200_000) { false }
    },
  ]

  private static func asides(
    of publisher: any Publisher
  ) -> [(what: String, call: (@escaping (String?) -> Void) -> Void)] {
    [("a rehearsal", { publisher.rehearse(then: $0) }), ("a look", { publisher.probe(then: $0) })]
  }
}
