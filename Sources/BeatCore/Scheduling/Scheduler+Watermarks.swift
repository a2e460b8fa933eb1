/// Watermarks that cannot be read, and watermarks that hold more than we know.
extension Scheduler {
  /// Between two attempts to replace one damaged watermark, microseconds: the first pause, which doubles, and the
  /// longest.
  private static let repairPauses: ClosedRange<Int64> = 1_000_000...60_000_000

  /// What is kept of the watermarks that are not as ours.
  struct Oddities {
    /// Behind the fields that we know: of a newer version, and kept.
    var trailing: [EntryName: [UInt8]] = [:]
    /// What cannot be read, and when we have tried to replace it. Only of documents that stand there.
    var damaged: [EntryName: Damage] = [:]

    struct Damage {
      var bytes: [UInt8]
      /// Not before this.
      var next = UnixTime.earliest
      var pause = Scheduler.repairPauses.lowerBound
    }

    /// Nothing is damaged any more, or nothing is there.
    mutating func forget(_ name: EntryName) {
      trailing[name] = nil
      damaged[name] = nil
    }

    var isEmpty: Bool { trailing.isEmpty && damaged.isEmpty }
  }

  /// Before a document is taken in, with the watermark of the same moment.
  mutating func noteWatermark(of name: EntryName, _ read: DocumentRead) {
    if case .absent = read.content {
      if !oddities.isEmpty { oddities.forget(name) }
      return
    }
    switch read.watermarkState {
    case .read(let watermark) where !watermark.trailing.isEmpty:
      oddities.trailing[name] = watermark.trailing
      oddities.damaged[name] = nil
    case .absent, .read:
      guard !oddities.isEmpty else { return }
      oddities.forget(name)
    case .unreadable(let bytes):
      let known = oddities.damaged[name]?.bytes
      oddities.damaged[name, default: Oddities.Damage(bytes: bytes)].bytes = bytes
      if known != bytes { actions.append(.report(.watermarkDamaged(name, bytes))) }
    }
  }

  /// After it: where a damaged watermark stands none is kept beside it, which would be refused again and again. The
  /// daemon that fires replaces it, by a comparison with all its bytes.
  ///
  /// Somebody may damage it again and again: it is replaced as often, with longer and longer pauses, until one of its
  /// fires has shown that the watermark is good.
  ///
  /// What was fired last is not known then. Where the due time can still be read, the schedule goes on from there, and
  /// from what we remember where we have seen it run; else it counts from now. So nothing comes twice, and what was
  /// missed meanwhile is left out.
  ///
  /// - Parameters:
  ///   - count: of the actions before the document was taken in.
  ///   - base: what the schedule counted from before, if it was known.
  mutating func mendWatermark(of name: EntryName, after count: Int, base: UnixTime?, now: UnixTime) {
    guard var damage = oddities.damaged[name] else { return }
    actions = actions.enumerated().filter { index, action in
      if index >= count, case .anchor(name, _) = action { false } else { true }
    }.map(\.element)
    guard isLeading, damage.next <= now, let handle = entries.handle(of: name),
      entries[handle]?.isFiring == false
    else { return }
    let readable = Watermark.due(in: damage.bytes).flatMap { $0 <= now ? $0 : nil }
    let remembered = [readable, base].compactMap { $0 }.max()
    entries[handle]?.progress.count(from: remembered ?? now)
    schedule(handle)
    guard let anchor = entries[handle]?.anchor else { return }
    damage.next = now.advanced(by: damage.pause)
    damage.pause = min(2 * damage.pause, Self.repairPauses.upperBound)
    oddities.damaged[name] = damage
    actions.append(.mend(name, from: damage.bytes, to: anchor))
  }

  /// What was damaged while another daemon led is read once more before anything of it is fired.
  mutating func readDamagedWatermarks() {
    for (name, damage) in oddities.damaged {
      oddities.damaged[name] = Oddities.Damage(bytes: damage.bytes)
      guard let handle = entries.handle(of: name), let entry = entries[handle], !entry.isFiring else { continue }
      resolve(handle)
    }
  }

  /// What is written to a watermark keeps what a newer version has put there.
  mutating func keepTrailingFields() {
    guard !oddities.trailing.isEmpty else { return }
    actions = actions.map { action in
      switch action {
      case .rebase(let name, let time, var watermark):
        guard let trailing = oddities.trailing[name] else { return action }
        watermark.trailing = trailing
        return .rebase(name, from: time, to: watermark)
      default: return action
      }
    }
  }
}
