import BeatCore

extension SchedulePreview {
  /// What `list --json` and `show --json` both say of a schedule, behind its name and key.
  var members: [(String, JSONOutput)] {
    [
      ("label", .text(label)),
      ("task", .text(task)),
      ("schedule", .text(schedule?.inWords)),
      ("timezone", .text(zone?.name)),
      ("state", .text(state.word)),
      ("reason", .text(state.reason)),
    ]
  }
}
