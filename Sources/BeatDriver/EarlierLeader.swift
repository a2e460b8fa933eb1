import BeatCore

/// What the store knows of the daemon that led before. No daemon notes what it has under way, which would be a write for
/// each message. Its record is the only sign: one that ends in an orderly way, with an answer to all that it has
/// published, takes its record out.
enum EarlierLeader {
  /// Finds out whether an earlier leader may have published messages that still wait in the outbox.
  ///
  /// - Parameters:
  ///   - instance: this daemon.
  ///   - then: true: another daemon's record says that it leads, or the records cannot be read. False is no proof: a
  ///     daemon without the right to write its record leaves no sign.
  static func mayHavePublished(
    _ registry: any DaemonRegistry, but instance: String, then: @escaping (Bool) -> Void
  ) {
    registry.others { result in
      switch result {
      case .success(let others): then(others.contains { $0.instance != instance && $0.record.isLeading })
      case .failure: then(true)
      }
    }
  }
}
