import BeatCore

/// What the daemon does when it begins or stops leading, and when the broker is lost or back.
extension Daemon {
  func lead(_ token: String) {
    standbyCheck.stop()
    report(.leading(token: token))
    if let store = session?.store { relay.start(store.outbox, store.delivery, after: records.ledger.undeliverable) }
    records.ledger.undeliverable = nil
    dispatcher.receive(.leadershipChanged(true))
    session?.tell()
  }

  func standBy(_ reason: String) {
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
    case .brokerLost, .brokerBack, .deferred: election.doubted()
    case .walked(let waiting):
      // If messages are delivered directly, the relay only carries what an earlier run has left in the outbox, and no
      // fire waits for it.
      dispatcher.receive(.relayed(waiting: session?.store.delivery == .outbox ? waiting : nil))
    case .unblocked: dispatcher.receive(.obstacleGone)
    }
  }
}
