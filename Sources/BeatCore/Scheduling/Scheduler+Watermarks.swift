/// Watermarks that cannot be read, and watermarks with fields of a newer version.
extension Scheduler {
  /// The pauses between two attempts to replace one damaged watermark, in microseconds: the first, which doubles each
  /// time, and the longest.
  private static let repairPauses: ClosedRange<Int64> = 1_000_000...60_000_000

  /// What is remembered of watermarks that this version would not write.
  struct Oddities {
    /// The fields of a newer version behind those that this version knows. They are kept.
    var trailing: [EntryName: [UInt8]] = [:]
    /// The watermarks that cannot be read, with the attempts to replace them. Only schedules whose documents exist are
    /// in here.
    var damaged: [EntryName: Damage] = [:]

    struct Damage {
      var bytes: [UInt8]
      /// The next attempt comes at this time or later.
      var next = UnixTime.earliest
      var pause = Scheduler.repairPauses.lowerBound
    }

    /// The watermark is not damaged any more, or the document is gone.
    mutating func forget(_ name: EntryName) {
      trailing[name] = nil
      damaged[name] = nil
    }

    var isEmpty: Bool { trailing.isEmpty && damaged.isEmpty }
  }

  /// Records the state of a watermark, before the document of the same read is taken in.
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

  /// Replaces a damaged watermark, after the document of the same read was taken in. While it is damaged, no `anchor`
  /// is sent, which the store would refuse again and again. Only the leader replaces it, and only if all its bytes are
  /// still the same.
  ///
  /// A client may damage it again and again. It is replaced as often, with growing pauses, until a fire has shown that
  /// the watermark is good.
  ///
  /// What was fired last is then unknown. If the due time can still be read, the schedule goes on from it. If this
  /// process has seen the schedule run, it goes on from the time that it remembers, where that is later. Otherwise it
  /// counts from now. So nothing comes twice, and what was missed in between is left out.
  ///
  /// - Parameters:
  ///   - count: the number of actions before the document was taken in.
  ///   - base: the time that the schedule counted from before; nil: it was not known.
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

  /// Reads damaged watermarks once more when this daemon becomes the leader, before it fires anything of these
  /// schedules.
  mutating func readDamagedWatermarks() {
    for (name, damage) in oddities.damaged {
      oddities.damaged[name] = Oddities.Damage(bytes: damage.bytes)
      guard let handle = entries.handle(of: name), let entry = entries[handle], !entry.isFiring else { continue }
      resolve(handle)
    }
  }

  /// Adds to each watermark that is written the fields that a newer version has put there.
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
