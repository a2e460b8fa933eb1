import BeatCore

/// Cases of the heartbeat and the lease, `LeaseStore`, and of the fencing token in everything that only the lease's
/// holder may do.
extension StoreCase {
  private static let minute: Int64 = 60_000_000

  static let leases = [
    StoreCase("a lease has one holder") { trial in
      let (a, b) = (try trial.visitor("a"), try trial.visitor("b"))
      guard case .held(let token) = try a.beat(ttl: minute).lease else {
        return trial.breach("a free lease is not given")
      }
      guard case .other(token, let left, false) = try b.beat(ttl: minute).lease else {
        return trial.breach("a lease that is held is not told as another's, with its token")
      }
      trial.expect((1...minute).contains(left), "it lasts \(left) µs more, and was taken for \(minute)")
      trial.equal(try a.beat(ttl: minute).lease, .held(token: token), "the lease when it is renewed")
    },

    StoreCase("a lease that is not renewed runs out, and the next one has another token") { trial in
      let (a, b) = (try trial.visitor("a"), try trial.visitor("b"))
      let ttl: Int64 = 300_000
      guard case .held(let first) = try a.beat(ttl: ttl).lease else {
        return trial.breach("a free lease is not given")
      }
      var second: String?
      try trial.waitFor("a lease that is not renewed is free") {
        if case .held(let token)? = try? b.beat(ttl: minute).lease { second = token }
        return second != nil
      }
      trial.expect(second != first, "the token of two holders is the same")
      if case .held = try a.beat(ttl: ttl).lease { trial.breach("two have the lease") }
    },

    StoreCase("a lease that is taken anew has another token, whoever takes it") { trial in
      let a = try trial.visitor("a")
      guard case .held(let first) = try a.beat(ttl: minute).lease else {
        return trial.breach("a free lease is not given")
      }
      _ = try a.get("release") { a.store.leases.release(then: $0) }
      guard case .held(let second) = try a.beat(ttl: minute).lease else {
        return trial.breach("release does not free")
      }
      trial.expect(first != second, "a token comes again")
    },

    StoreCase("a renewed lease lasts from its renewal on") { trial in
      let (a, b) = (try trial.visitor("a"), try trial.visitor("b"))
      _ = try a.beat(ttl: 100_000)
      guard case .held = try a.beat(ttl: minute).lease, case .other(_, let left, _) = try b.beat(ttl: minute).lease
      else { return trial.breach("a lease is not renewed") }
      trial.expect(left > minute / 2, "a lease renewed for a minute lasts \(left) µs")
    },

    StoreCase("who asks for nothing gets nothing, and renews nothing") { trial in
      let (a, b) = (try trial.visitor("a"), try trial.visitor("b"))
      trial.equal(try a.beat(ttl: minute, .nothing).lease, .free, "a lease that is not asked for")
      guard case .held = try a.beat(ttl: 1_000_000).lease else { return trial.breach("a free lease is not given") }
      _ = try a.beat(ttl: minute, .nothing)
      guard case .other(_, let left, _) = try b.beat(ttl: minute).lease else {
        return trial.breach("two have the lease")
      }
      trial.expect(left <= 1_000_000, "a lease was renewed by who asked for nothing")
    },

    StoreCase("release frees the lease, and only its holder's does") { trial in
      let (a, b) = (try trial.visitor("a"), try trial.visitor("b"))
      try a.lead()
      _ = try b.get("release") { b.store.leases.release(then: $0) }
      guard case .other = try b.beat(ttl: minute).lease else { return trial.breach("another one has freed the lease") }
      _ = try a.get("release") { a.store.leases.release(then: $0) }
      guard case .held = try b.beat(ttl: minute).lease else {
        return trial.breach("the holder has not freed the lease")
      }
      _ = try a.get("release") { a.store.leases.release(then: $0) }
      guard case .held = try b.beat(ttl: minute).lease else { return trial.breach("who held it before has freed it") }
    },

    StoreCase("only a lease that its holder offers may be taken over") { trial in
      let (a, b) = (try trial.visitor("a"), try trial.visitor("b"))
      guard case .held(let first) = try a.beat(ttl: minute).lease else {
        return trial.breach("a free lease is not given")
      }
      guard case .other(_, _, isOffered: false) = try b.beat(ttl: minute, .offered).lease else {
        return trial.breach("a lease was taken over that is not offered")
      }
      guard case .held(first) = try a.beat(ttl: minute, isOffering: true).lease else {
        return trial.breach("who offers the lease loses it")
      }
      guard case .other(_, _, isOffered: true) = try b.beat(ttl: minute, .free).lease else {
        return trial.breach("who asks for a free lease is not told that it is offered, or has it")
      }
      // A holder that stops offering its lease keeps it.
      _ = try a.beat(ttl: minute)
      guard case .other(_, _, isOffered: false) = try b.beat(ttl: minute, .offered).lease else {
        return trial.breach("an offer that was taken back still stands")
      }
      _ = try a.beat(ttl: minute, isOffering: true)
      guard case .held(let second) = try b.beat(ttl: minute, .offered).lease else {
        return trial.breach("an offered lease was not given")
      }
      trial.expect(first != second, "the token of two holders is the same")
      guard case .other = try a.beat(ttl: minute).lease else { return trial.breach("two have the lease") }
    },

    StoreCase("a stale fencing token is refused by all that only the holder may do") { trial in
      let (a, b, now) = (try trial.visitor("a"), try trial.visitor("b"), trial.stage.now)
      let (plan, watermark) = (Sample.plan("a", now), Sample.watermark(now.advanced(by: -minute)))
      trial.stage.write(plan.oldDocument, of: "a")
      trial.stage.damage(watermarkOf: "a", with: watermark.bytes)
      let request = ManualRequest("a", deadline: now.advanced(by: minute))
      trial.stage.ask(request.bytes, id: "request")
      try a.lead()
      _ = try a.get("release") { a.store.leases.release(then: $0) }
      try b.lead()
      trial.equal(try a.commit(plan), .fenced, "a fire")
      for expectation in [WatermarkExpectation.due(watermark.due), .bytes(watermark.bytes)] {
        let isReplaced = try a.get("replace") {
          a.store.schedules.replace("a", expecting: expectation, with: Sample.watermark(now), then: $0)
        }
        trial.equal(isReplaced, false, "the replacement of a watermark")
      }
      trial.equal(try a.settle(request, "request", by: .fire(plan)), .over, "a run by hand")
      trial.equal(trial.stage.document(of: "a"), plan.oldDocument, "the document")
      trial.equal(trial.stage.watermark(of: "a"), watermark.bytes, "the watermark")
      trial.equal(trial.stage.messages(in: "q"), [], "the messages")
      trial.equal(try b.commit(plan), .fired, "the holder's fire")
      trial.equal(try b.settle(request, "request", by: .refuse("no")), .refused("no"), "the holder's answer")
    },

    StoreCase("a fencing token of a lease that ran out is refused, before another one leads") { trial in
      let (a, now) = (try trial.visitor("a"), trial.stage.now)
      let plan = Sample.plan("a", now)
      trial.stage.write(plan.oldDocument, of: "a")
      try a.lead(ttl: 200_000)
      // The lease has run out by the store's clock.
      _ = trial.wait(400_000) { false }
      trial.equal(try a.commit(plan), .fenced, "a fire")
      trial.stands(nothingOf: plan)
    },

    StoreCase("a heartbeat tells the one before") { trial in
      let a = try trial.visitor("a")
      trial.equal(try a.beat().previousSequence, nil, "the sequence before the first one")
      let second = try a.beat()
      trial.equal(second.sequence, 2, "the sequence of the second one")
      trial.equal(second.previousSequence, 1, "the sequence before the second one")
      trial.equal(
        try trial.visitor("b").beat().previousSequence, nil, "the sequence before another daemon's first one")
    },

    StoreCase("a heartbeat tells the store's time") { trial in
      let a = try trial.visitor("a")
      let before = trial.stage.now
      let told = try a.beat().serverTime
      trial.expect(told.map { $0 >= before && $0 <= trial.stage.now } ?? false, "the time told is not the store's")
    },

    StoreCase("the word of the contents stays while they do, and never comes again") { trial in
      let (a, b) = (try trial.visitor("a"), try trial.visitor("b"))
      let first = try a.beat().incarnation
      trial.expect(!first.isEmpty, "it is empty")
      trial.equal(try b.beat().incarnation, first, "the word told to another daemon")
      trial.equal(try a.beat().incarnation, first, "the word a moment later")
      trial.stage.loseContents()
      let second = try a.beat()
      trial.expect(second.incarnation != first, "the word is the same though the contents were lost")
      trial.equal(second.previousSequence, nil, "the heartbeat before the contents were lost")
      trial.stage.loseContents()
      trial.expect(![first, second.incarnation].contains(try b.beat().incarnation), "a word comes again")
    },
  ]
}
