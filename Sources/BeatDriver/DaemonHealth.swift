import BeatCore

/// Whether this daemon does its work, for whoever decides by it whether to wait for the daemon or to replace it: it has
/// loaded and announced all schedules, it hears the store, and it leads or could.
package struct DaemonHealth: Equatable, Sendable {
  /// Why the daemon is not ready.
  package enum Obstacle: Equatable, Sendable {
    case stopping
    /// There is no session with the store. No reason: the first attempt goes on.
    case disconnected(reason: String?)
    /// The schedules are being read. Nothing fires until that has ended.
    case loading
    /// No heartbeat was answered in this session.
    case unanswered
    /// The store has not answered a heartbeat for so many microseconds.
    case silent(Int64)
    /// No rehearsal of a fire has succeeded in this session.
    case unproven
    /// A rehearsal or a fire has shown that this daemon cannot fire.
    case unable(reason: String)
  }

  /// What a person should know of a daemon that is ready all the same.
  package enum Remark: Equatable, Sendable {
    /// The broker takes no messages. `waiting`: how many wait in the outbox; nil: not known.
    case brokerLost(reason: String, waiting: Int?)
    /// This daemon stands by, and could not deliver if it led.
    case undeliverable(reason: String)
    /// The daemon lacks something, without which it can fire.
    case limited(reason: String)
    /// Some messages stay in the outbox.
    case deferred(reason: String)
    /// The store refuses some fires.
    case refused(FiringReport.Obstacle)
  }

  package enum Role: Equatable, Sendable {
    case leading, standingBy
  }

  package var role: Role
  package var obstacles: [Obstacle]
  package var remarks: [Remark]

  package var isReady: Bool { obstacles.isEmpty }

  package init(_ role: Role, _ obstacles: [Obstacle] = [], _ remarks: [Remark] = []) {
    (self.role, self.obstacles, self.remarks) = (role, obstacles, remarks)
  }
}

extension Daemon {
  package var health: DaemonHealth {
    DaemonHealth(election.isLeading ? .leading : .standingBy, obstacles, remarks)
  }

  private var obstacles: [DaemonHealth.Obstacle] {
    guard !isStopping else { return [.stopping] }
    guard let session else { return [.disconnected(reason: complaint)] }
    var obstacles: [DaemonHealth.Obstacle] = []
    if !session.isLoaded || !dispatcher.scheduler.isWatching { obstacles.append(.loading) }
    if let answeredAt = election.answeredAt {
      let age = surroundings.bootTime.microseconds(since: answeredAt)
      if age > election.answerPatience { obstacles.append(.silent(age)) }
    } else {
      obstacles.append(.unanswered)
    }
    if let reason = election.withdrawal ?? records.ledger.unable {
      obstacles.append(.unable(reason: reason))
    } else if session.isLoaded, !election.isAble {
      obstacles.append(.unproven)
    }
    // All that `announce` waits for holds, but it has not been called.
    if obstacles.isEmpty, !session.isAnnounced { obstacles.append(.loading) }
    return obstacles
  }

  private var remarks: [DaemonHealth.Remark] {
    let report = records.ledger.report
    var remarks: [DaemonHealth.Remark] = []
    if let lost = report.brokerLost {
      remarks.append(.brokerLost(reason: lost.reason, waiting: relay.gauge.count ?? lost.count))
    }
    if let reason = records.ledger.undeliverable { remarks.append(.undeliverable(reason: reason)) }
    if let reason = report.lacks { remarks.append(.limited(reason: reason)) }
    if let deferral = report.deferral { remarks.append(.deferred(reason: deferral.reason)) }
    if let refused = report.refused { remarks.append(.refused(refused)) }
    return remarks
  }
}
