/// Which of the occurrences that have passed is sent when a schedule is due.
enum Lateness: String, CaseIterable {
  case ended = "the end has come"
  case asked = "asked for by run_immediately"
  case inTime = "in time"
  case latest = "missed, catchup latest"
  case skipped = "missed, catchup none"
  case all = "missed, catchup all"

  /// - Parameter grace: an occurrence that is late by no more than this is in time; microseconds.
  init(of due: UnixTime, _ entry: ScheduleEntry, now: UnixTime, grace: Int64) {
    if let end = entry.timing.expiresAt, end <= now {
      self = .ended
    } else if entry.immediate != nil {
      self = .asked
    } else if now.microseconds(since: entry.sending(of: due)) <= grace {
      self = .inTime
    } else {
      self =
        switch entry.timing.catchup.policy {
        case .latest: .latest
        case .none: .skipped
        case .all: .all
        }
    }
  }
}
