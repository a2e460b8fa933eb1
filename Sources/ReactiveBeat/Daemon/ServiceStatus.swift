import BeatCore
import BeatDriver

/// The daemon's state for a service manager: whether it is ready, and one line for people.
struct ServiceStatus {
  private enum Role: String {
    case leading
    case standingBy = "standing by"
  }

  /// The daemon has been ready. A connection that is lost later is for the daemon to mend, not for the manager.
  private(set) var isReady = false
  private let store: String
  private var role: Role?
  /// Why there is no session with the store; nil: there is one, or the first is being made.
  private var disconnection: String?
  /// What a rehearsal found missing; nil: nothing.
  private var lack: String?
  private var brokerLoss: String?
  private var changeDetection = ChangeDetection.keyspace

  /// - Parameter store: the store's URL without a password.
  init(store: String) { self.store = store }

  /// Returns whether the line may be another one from now on.
  mutating func take(_ event: DaemonEvent) -> Bool {
    switch event {
    case .schedule(let report, _): return isReady && report.edited != nil
    case .ready(let readiness):
      isReady = true
      disconnection = nil
      changeDetection = readiness.changeDetection
    case .disconnected(let reason): disconnection = reason
    case .leading: role = .leading
    case .standingBy: role = .standingBy
    case .proof(let proof):
      disconnection = nil
      lack =
        switch proof {
        case .able: nil
        case .limited(let reason): "limited: \(reason)"
        case .unable(let reason), .undecided(let reason): "cannot fire: \(reason)"
        }
    case .relay(.brokerLost(let reason, _)): brokerLoss = reason
    case .relay(.brokerBack): brokerLoss = nil
    case .undeliverable(let reason): brokerLoss = reason
    default: return false
    }
    return true
  }

  /// - Parameters: how many documents are in force, and how many cannot be used.
  func line(schedules: Int, rejected: Int) -> String {
    if let disconnection { return "not connected: \(disconnection)" }
    var line = isReady ? "\(role?.rawValue ?? "ready"), \(Plural.of(schedules, "schedule"))" : "connecting to \(store)"
    if isReady, rejected > 0 { line += ", \(rejected) rejected" }
    if changeDetection == .polling { line += "; edits are looked for, not heard" }
    if let lack { line += "; \(lack)" }
    if let brokerLoss { line += "; broker lost: \(brokerLoss)" }
    return line
  }
}
