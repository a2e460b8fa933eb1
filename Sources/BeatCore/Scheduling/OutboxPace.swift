/// What waits in the outbox for a broker that takes from it: as the relay has told, and what was fired since.
struct OutboxPace {
  private var messages = 0
  private var bytes = 0

  /// The relay has walked through it, and so many messages are left.
  mutating func told(_ waiting: Int) {
    // Which they are is not known: on average they are as long as the others.
    if messages > 0 { bytes = bytes / messages * min(waiting, messages) }
    messages = waiting
  }

  mutating func fired(_ plan: FirePlan) {
    messages += 1
    bytes += plan.message.count
  }

  /// Whether one that is late may go in, with so much on its way there.
  func isShort(messages underWay: Int, bytes more: Int) -> Bool {
    messages + underWay < Limit.outboxBacklog.most && bytes + more < Limit.fireLength.most
  }
}
