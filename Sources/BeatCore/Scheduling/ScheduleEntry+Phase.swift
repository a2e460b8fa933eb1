extension ScheduleEntry {
  /// The phase of an entry.
  ///
  ///     dormant <-> waiting -> firing -> unresolved -> dormant, waiting, unread
  ///     dormant, waiting -> unread -> dormant, waiting
  enum Phase: Equatable {
    /// The schedule is disabled or finished, and in neither the heap nor the backlog. An edit leads to `waiting`.
    case dormant
    /// The entry is in the heap until it is due or until the next attempt, or in the backlog. It leads to `firing`; an
    /// edit leads to `dormant`, or to another due time.
    case waiting
    /// The script is on its way. Its answer, or the loss of it, leads to `unresolved`. An edit waits for that.
    case firing(FirePlan)
    /// The script's answer has come and is being judged; or it was lost, and only the store knows whether the fire
    /// happened. The answer or the next read leads to any phase but `firing`.
    case unresolved(FirePlan)
    /// The document changed under a plan, or must be read before anything fires. That read leads to `waiting` or
    /// `dormant`.
    case unread
  }

  /// A move that the phase does not allow. It is not made: a daemon that goes on with what it knows does less harm than
  /// one that ends.
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

  /// Whether the next read of the document decides what happens.
  var waitsForRead: Bool {
    switch phase {
    case .unresolved, .unread: true
    case .dormant, .waiting, .firing: false
    }
  }
}

extension ScheduleEntry.Phase {
  /// Why the move is illegal; nil: it is legal.
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
