import BeatCore
import BeatDriver

/// A daemon's health in sentences, for whoever looks at `/readyz`.
extension DaemonHealth {
  /// The first line is the verdict. Each that follows is a reason with what to do, or something to know.
  ///
  /// - Parameters: the URLs of store and broker, without passwords.
  package func lines(store: String, broker: String) -> [String] {
    [isReady ? "ready: \(role.words)" : "not ready"] + obstacles.map { $0.words(store: store) }
      + remarks.map { $0.words(broker: broker) }
  }
}

extension DaemonHealth.Role {
  fileprivate var words: String {
    switch self {
    case .leading: "this daemon leads"
    case .standingBy: "this daemon stands by"
    }
  }
}

extension DaemonHealth.Obstacle {
  fileprivate func words(store: String) -> String {
    switch self {
    case .stopping: "the daemon is stopping: it fires nothing more; another one takes over"
    case .disconnected(nil): "the daemon is connecting to the store \(store): wait a moment"
    case .disconnected(let reason?):
      "the daemon has no connection to the store \(store), and tries again: \(reason); see to the server or the URL"
    case .loading: "the schedules are being read, and nothing fires before that has ended: wait"
    case .unanswered: "the store has not answered a heartbeat yet: wait a moment"
    case .silent(let time):
      "the store has not answered a heartbeat for \(time / 1_000) ms: see whether the server is stuck or overloaded"
    case .unproven: "no rehearsal of a fire has succeeded yet: wait a moment"
    case .unable(let reason): "this daemon cannot fire: \(reason)"
    }
  }
}

extension DaemonHealth.Remark {
  fileprivate func words(broker: String) -> String {
    switch self {
    case .brokerLost(let reason, let waiting):
      "the broker \(broker) takes no messages: \(reason); "
        + (waiting.map { "\(Plural.of($0, "message")) \(Plural.word($0, "waits", "wait")) in the outbox" }
          ?? "messages wait in the outbox") + "; see to the broker"
    case .undeliverable(let reason):
      "this daemon could not deliver if it had to lead: the broker \(broker) cannot be used: \(reason); see to the broker"
    case .limited(let reason): "something is missing, and fires succeed without it: \(reason)"
    case .deferred(let reason): "some messages stay in the outbox, and are tried again: \(reason)"
    case .refused(let obstacle):
      "the store refuses fires"
        + (obstacle.count.map { " of \(Plural.of($0, "schedule"))" } ?? "")
        + ", which are tried again: \(obstacle.reason)"
    }
  }
}
