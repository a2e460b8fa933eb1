import BeatCore

/// Counts attempts to fire by their reason and by what became of them.
struct FireCounts {
  enum Outcome: Int, CaseIterable {
    case fired, confirmed, already, gone, changed, early, fenced, refused, forbidden, wrongServer, unknown

    var word: String {
      switch self {
      case .fired: "fired"
      case .confirmed: "confirmed"
      case .already: "already"
      case .gone: "gone"
      case .changed: "changed"
      case .early: "early"
      case .fenced: "fenced"
      case .refused: "refused"
      case .forbidden: "forbidden"
      case .wrongServer: "wrong_server"
      case .unknown: "unknown"
      }
    }

    init(_ outcome: FireOutcome) {
      switch outcome {
      case .fired: self = .fired
      // Another daemon has fired it: what this daemon fired itself is reported as confirmed.
      case .alreadyMine, .already: self = .already
      case .gone: self = .gone
      case .changed: self = .changed
      case .early: self = .early
      case .fenced: self = .fenced
      case .refused: self = .refused
      case .forbidden: self = .forbidden
      case .wrongServer: self = .wrongServer
      case .unknown: self = .unknown
      }
    }
  }

  static let reasons: [FireReason] = [.schedule, .catchUp, .immediate, .queue, .manual]

  private var counts = Array(repeating: 0, count: reasons.count * Outcome.allCases.count)

  private static func place(_ reason: FireReason, _ outcome: Outcome) -> Int {
    let row =
      switch reason {
      case .schedule: 0
      case .catchUp: 1
      case .immediate: 2
      case .queue: 3
      case .manual: 4
      }
    return row * Outcome.allCases.count + outcome.rawValue
  }

  subscript(reason: FireReason, outcome: Outcome) -> Int { counts[Self.place(reason, outcome)] }

  mutating func count(_ reason: FireReason, _ outcome: Outcome) { counts[Self.place(reason, outcome)] += 1 }

  /// Whether an attempt can have this outcome: a run by hand is answered in another way than an occurrence.
  static func isPossible(_ reason: FireReason, _ outcome: Outcome) -> Bool {
    reason != .manual || outcome == .fired || outcome == .refused
  }
}
