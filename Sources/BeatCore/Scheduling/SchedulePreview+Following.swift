extension SchedulePreview {
  /// The schedule, if it alone decides when the next run comes after a run; nil: the document has to be read again after
  /// each run, since something else limits its runs, or moves them.
  package var onlySchedule: Schedule? {
    guard case .enabled = state, let entry = scheduler.entries.handle(of: name).flatMap({ scheduler.entries[$0] }),
      entry.immediate == nil, !entry.timing.runImmediately, !entry.timing.mayFinish, entry.timing.jitter == 0,
      entry.timing.startAfter == nil
    else { return nil }
    return entry.timing.schedule
  }

  /// How long after its time a run counts as missed; microseconds.
  package static var missedAfter: Int64 { SchedulerConfiguration.missedAfter }
}
