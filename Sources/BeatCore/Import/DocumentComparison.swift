extension ScheduleDocument {
  /// Whether two documents are the same but for what the daemon writes itself.
  package static func differInBookkeepingOnly(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    if left == right { return true }
    guard let left = try? DocumentLayout(left), let right = try? DocumentLayout(right) else { return false }
    return left.definition == right.definition
  }
}

extension DocumentLayout {
  /// The fields that are the user's, as they are written.
  fileprivate var definition: [[UInt8]] {
    members.filter { !["last_run_at", "total_run_count", "run_immediately"].contains($0.key) }
      .map { Array($0.key.utf8) + [0] + bytes[$0.value.range] }
  }
}
