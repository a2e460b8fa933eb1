import BeatCore

/// Cases of what happens to messages.
extension PublisherCase {
  static let messages = [
    PublisherCase("each message of a batch has an outcome, and lies on its queue as it was") { trial in
      let relay = try trial.relay()
      let items = (0..<40).map { Sample.item("i\($0)", .queue($0.isMultiple(of: 2) ? "q" : "r")) }
      trial.equal(try relay.publish(items), items.map { _ in .delivered }, "the outcomes")
      for queue in ["q", "r"] {
        trial.equal(
          trial.stage.messages(in: queue), items.filter { $0.route == .queue(queue) }.map { trial.stage.form(of: $0) },
          "what lies in \(queue)")
      }
    },

    PublisherCase("messages that are published one after the other arrive in that order") { trial in
      let relay = try trial.relay()
      let items = (0..<500).map { Sample.item("i\($0)", length: $0.isMultiple(of: 7) ? 50_000 : 0) }
      // The messages are sent in windows, and no window waits for the one before.
      let outcomes = try stride(from: 0, to: items.count, by: 100).map { try relay.begin(Array(items[$0..<$0 + 100])) }
      try trial.waitFor("each message has its outcome") { outcomes.allSatisfy { !$0.value.contains(nil) } }
      trial.expect(
        outcomes.allSatisfy { Set($0.value) == [.delivered] },
        "not all are delivered: \(Set(outcomes.flatMap(\.value)))")
      trial.expect(
        trial.stage.messages(in: "q") == items.map { trial.stage.form(of: $0) }, "they are not in their order")
    },

    PublisherCase("a repeat is dropped and told, where that is promised") { trial in
      let (relay, item) = (try trial.relay(), Sample.item("once"))
      trial.equal(try relay.publish([item]), [.delivered], "the first outcome")
      let another = try trial.relay()
      let isDropped = relay.publisher.dropsRepeats
      for one in [relay, another] {
        let outcome = try one.publish([item])
        // A publisher that drops no repeats may know those of its own.
        let isSaid = outcome == [.duplicate] || outcome == [.delivered] && !isDropped
        trial.expect(isSaid, "the outcome of a repeat is \(outcome)")
      }
      let count = trial.stage.messages(in: "q").count
      trial.expect(isDropped ? count == 1 : 1...3 ~= count, "there are \(count) messages")
    },

    PublisherCase("a message whose predecessor is not there does not overtake it, where repeats are known") { trial in
      let relay = try trial.relay()
      guard relay.publisher.dropsRepeats else { return }
      let (first, second) = (Sample.item("first"), Sample.item("second"))
      trial.equal(try relay.publish([second], after: [first.taskID]), [.tooSoon], "the outcome before its predecessor")
      trial.equal(trial.stage.messages(in: "q"), [], "messages")
      trial.equal(try relay.publish([first]), [.delivered], "the predecessor's outcome")
      trial.equal(try relay.publish([second], after: [first.taskID]), [.delivered], "the outcome then")
      trial.equal(
        trial.stage.messages(in: "q"), [trial.stage.form(of: first), trial.stage.form(of: second)], "messages")
    },

    PublisherCase("a queue that holds another type is refused with a reason, and others go on") { trial in
      let relay = try trial.relay()
      trial.stage.spoil(queue: "spoilt")
      let items = [Sample.item("a"), Sample.item("b", .queue("spoilt")), Sample.item("c")]
      let outcomes = try relay.publish(items)
      trial.equal([outcomes[0], outcomes[2]], [.delivered, .delivered], "the outcomes of the others")
      guard case .refused(let reason) = outcomes[1] else { return trial.breach("the outcome is \(outcomes[1])") }
      trial.expect(reason.contains("spoilt"), "the reason does not name the queue: \(reason)")
      trial.equal(
        trial.stage.messages(in: "q"), [trial.stage.form(of: items[0]), trial.stage.form(of: items[2])],
        "messages of the other queue")
      trial.expect(relay.loss == nil, "the connection is lost with it: \(relay.loss ?? "")")
      // The message is no repeat: it was never delivered.
      guard case .refused = try relay.publish([items[1]])[0] else { return trial.breach("a refused one is known") }
    },

    PublisherCase("an exchange's message goes to each of its queues, and without a queue there is a problem") { trial in
      let relay = try trial.relay()
      for queue in ["one", "two"] { trial.stage.bind(queue: queue, to: "bound", routingKey: "k") }
      let item = Sample.item("a", .exchange("bound", routingKey: "k"))
      trial.equal(try relay.publish([item]), [.delivered], "the outcome")
      for queue in ["one", "two"] {
        trial.equal(trial.stage.messages(in: queue), [trial.stage.form(of: item)], "in \(queue)")
      }
      let lost = Sample.item("b", .exchange("empty", routingKey: "k"))
      guard let destination = try relay.resolve([lost]).first else { return }
      guard let problem = destination.problem else {
        // A broker that resolves queues itself reports this when the message is published.
        let outcome = try relay.publish([lost])[0]
        guard case .refused(let reason) = outcome else { return trial.breach("without a queue: \(outcome)") }
        return trial.expect(reason.contains("empty"), "the reason does not name the exchange: \(reason)")
      }
      trial.expect(problem.contains("empty"), "the problem does not name the exchange: \(problem)")
    },

    PublisherCase("a lane is a queue with its priority, or an exchange with its routing key") { trial in
      let publisher = try trial.stage.publisher()
      let routes = [
        Route.queue("q"), .queue("r"), .exchange("q", routingKey: "k"), .exchange("q", routingKey: "l"),
        .exchange("qk", routingKey: ""),
      ]
      trial.equal(Set(routes.map { publisher.lane(of: $0, priority: 0) }).count, routes.count, "different lanes")
      for route in routes {
        trial.equal(
          publisher.lane(of: route, priority: 0), publisher.lane(of: route, priority: 0), "a lane asked for twice")
      }
    },

    PublisherCase("a message for an exchange shares lanes with those for its queues") { trial in
      let relay = try trial.relay()
      trial.stage.bind(queue: "one", to: "bound", routingKey: "k")
      let routes = [Route.exchange("bound", routingKey: "k"), .queue("one")]
      let destinations = try relay.resolve(routes.enumerated().map { Sample.item("i\($0)", $1) })
      for (route, destination) in zip(routes, destinations) {
        trial.equal(
          destination.lanes.first, relay.publisher.lane(of: route, priority: 0), "the first lane of a destination")
      }
      // Where only the broker knows the queues, the broker keeps their order.
      guard !destinations[0].queues.isEmpty else { return }
      trial.expect(destinations[0].lanes.contains(destinations[1].lanes[0]), "the exchange's message may be overtaken")
    },
  ]
}
