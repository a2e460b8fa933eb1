extension ScheduleEntry {
  /// Where an entry is on its way.
  ///
  ///     dormant <-> waiting -> firing -> unresolved -> dormant, waiting, unread
  ///     dormant, waiting -> unread -> dormant, waiting
  enum Phase: Equatable {
    /// Disabled or finished, not in the heap. To `waiting` by an edit.
    case dormant
    /// In the heap until due, or until the next attempt; or behind, in its turn. To `firing`; to `dormant` or another due
    /// time by an edit.
    case waiting
    /// The script is on its way. Its answer, or the loss of it, leads to `unresolved`; an edit waits for that.
    case firing(FirePlan)
    /// The script's answer has come and is being judged; or it was lost, and only the store knows whether it happened. To
    /// any but `firing` by the answer, or by the next read.
    case unresolved(FirePlan)
    /// The document changed under a plan, or has to be read before anything fires. To `waiting` or `dormant` by that read.
    case unread
  }

  /// A move that no phase allows. It is not made: a daemon that goes on with what it knows does less harm than one that
  /// ends.
  enum IllegalMove: String, CaseIterable {
    case firedAtRest = "a script begun for a schedule that does not wait"
    case firedTwice = "a second script begun while one is on its way"
    case movedUnderWay = "another due time before the script's answer"
    case answeredWithoutScript = "an answer without its script"
  }

  var isFiring: Bool { phase.isFiring }

  var isWaiting: Bool {
    if case .waiting = phase { true } else { false }
  }

  /// What stands in the store decides, and is being read.
  var waitsForRead: Bool {
    switch phase {
    case .unresolved, .unread: true
    case .dormant, .waiting, .firing: false
    }
  }
}

extension ScheduleEntry.Phase {
  /// nil: the move is legal.
  func illegality(ofMoveTo next: Self) -> ScheduleEntry.IllegalMove? {
    switch next {
    case .firing:
      switch self {
      case .waiting: nil
      case .firing: .firedTwice
      case .dormant, .unresolved, .unread: .firedAtRest
      }
    case .unresolved(let answered): isFiring(answered) ? nil : .answeredWithoutScript
    case .dormant, .waiting, .unread: isFiring ? .movedUnderWay : nil
    }
  }

  var isFiring: Bool {
    if case .firing = self { true } else { false }
  }

  func isFiring(_ plan: FirePlan) -> Bool {
    if case .firing(let current) = self { current == plan } else { false }
  }
}
