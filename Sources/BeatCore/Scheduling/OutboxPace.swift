/// How much waits in the outbox for a broker that takes messages from it: what the relay has reported, and what was
/// fired since.
struct OutboxPace {
  private var messages = 0
  private var bytes = 0

  /// The relay has walked through the outbox, and `waiting` messages are left.
  mutating func told(_ waiting: Int) {
    // It is not known which messages these are. On average they are as long as the others.
    if messages > 0 { bytes = bytes / messages * min(waiting, messages) }
    messages = waiting
  }

  mutating func fired(_ plan: FirePlan) {
    messages += 1
    bytes += plan.message.count
  }

  /// Whether a late message may be added, while `underWay` messages of `more` bytes are on their way to the outbox.
  func isShort(messages underWay: Int, bytes more: Int) -> Bool {
    messages + underWay < Limit.outboxBacklog.most && bytes + more < Limit.fireLength.most
  }
}
