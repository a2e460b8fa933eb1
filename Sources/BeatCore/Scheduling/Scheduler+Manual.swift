/// Runs by hand. The schedule's phase, its watermark and its document stay as they are.
extension Scheduler {
  /// Why a schedule cannot be fired by hand. The description is for the user who asked.
  package enum ManualProblem: Error, Hashable, CustomStringConvertible {
    case unknown
    case rejected(reason: String)
    /// A worker would discard the message.
    case void(reason: String)

    package var description: String {
      switch self {
      case .unknown: "there is no such schedule"
      case .rejected(let reason): "its document is set aside: \(reason)"
      case .void(let reason): "\(reason); set another expires"
      }
    }
  }

  /// The plan of a run by hand. The schedule may be disabled or finished, as long as a worker would run the task.
  ///
  /// - Parameter request: the request's name. The task's id is made from it, so it is the same in each attempt.
  package func plan(
    of name: EntryName, for request: String, now: UnixTime
  ) throws(ManualProblem) -> FirePlan {
    if let rejection = rejected[name] { throw .rejected(reason: rejection.reason.description) }
    guard let entry = entries.handle(of: name).flatMap({ entries[$0] }) else { throw .unknown }
    if entry.timing.endsWithMessages, let end = entry.timing.expiresAt, now >= end {
      throw .void(reason: entry.timing.endInWords(end))
    }
    let id = TaskID(key: configuration.taskIDs.bytes(of: name), request: request, sha1: configuration.sha1)
    guard let draft = draft(entry, id, due: now, sending: now, reason: .manual, now: now) else {
      throw .rejected(reason: Rejection.Reason.unreadable.description)
    }
    return draft.plan
  }
}
