import BeatCore

/// What the daemon does when it begins or stops leading, and when the broker is lost or back.
extension Daemon {
  func lead(_ token: String) {
    standbyCheck.stop()
    report(.leading(token: token))
    startRelay(after: records.ledger.undeliverable)
    records.ledger.undeliverable = nil
    dispatcher.receive(.leadershipChanged(true))
    session?.tell()
  }

  /// - Parameter loss: why the broker was reported lost before; nil: it was not.
  private func startRelay(after loss: String?) {
    guard let store = session?.store else { return }
    guard !publisher.dropsRepeats else { return relay.start(store.outbox, store.delivery, after: loss) }
    // Before the records of the dead are swept.
    EarlierLeader.mayHavePublished(store.daemons, but: configuration.instance) { [weak self] mayHave in
      guard let self, election.isLeading, !isStopping, session?.store === store else { return }
      let start = { [unowned self] in relay.start(store.outbox, store.delivery, after: loss, isHeir: mayHave) }
      // Were both to send what waits, the broker would have it twice.
      guard election.uncertainty > 0 else { return start() }
      handover.begin(after: election.uncertainty, start)
    }
  }

  func standBy(_ reason: String) {
    handover.cancel()
    relay.stop()
    report(.standingBy(reason: reason))
    dispatcher.receive(.leadershipChanged(false))
    records.ledger.standBy()
    session?.describe()
    watchBroker()
  }

  func proved(_ proof: Candidacy.Proof) {
    records.ledger.take(proof)
    session?.describe()
    // Requests, receipts and records that this daemon could not read or write before are looked at again.
    if proof == .able { session?.tell() }
  }

  // MARK: the broker

  /// Starts or stops the check of the broker, which a daemon makes only while it stands by.
  func watchBroker() {
    if !election.isLeading, let session, session.isLoaded, session.store.delivery == .outbox {
      standbyCheck.start()
    } else {
      standbyCheck.stop()
    }
  }

  func probed(_ reason: String?) {
    guard records.ledger.undeliverable != reason else { return }
    records.ledger.undeliverable = reason
    report(.undeliverable(reason: reason))
    session?.describe()
  }

  func relayed(_ event: RelayEvent) {
    report(.relay(event))
    records.ledger.take(event, at: election.now)
    switch event {
    case .relayed: dispatcher.roomMade()
    case .setAside: tally.setAside += 1
    case .repeated(let repeats): tally.possibleRepeats += repeats.count
    case .brokerLost, .brokerBack, .deferred: election.doubted()
    case .walked(let waiting):
      // If messages are delivered directly, the relay only carries what an earlier run has left in the outbox, and no
      // fire waits for it.
      dispatcher.receive(.relayed(waiting: session?.store.delivery == .outbox ? waiting : nil))
    case .unblocked: dispatcher.receive(.obstacleGone)
    }
  }
}
