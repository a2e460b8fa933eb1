/// Marks that cannot be read, and marks that hold more than we know.
extension Scheduler {
  /// So often a damaged mark is replaced while we lead, before it is left to people.
  private static let mostRepairs = 3

  /// What is kept of the marks that are not as ours.
  struct Oddities {
    /// Behind the fields that we know: of a newer version, and kept.
    var trailing: [EntryName: [UInt8]] = [:]
    /// What cannot be read, and how often we have tried to replace it.
    var damaged: [EntryName: (bytes: [UInt8], repairs: Int)] = [:]

    var isEmpty: Bool { trailing.isEmpty && damaged.isEmpty }
  }

  /// Before a document is taken in, with the mark of the same moment.
  mutating func noteMark(_ state: MarkState, of name: EntryName) {
    switch state {
    case .read(let mark) where !mark.trailing.isEmpty:
      oddities.trailing[name] = mark.trailing
      oddities.damaged[name] = nil
    case .absent, .read:
      guard !oddities.isEmpty else { return }
      oddities.trailing[name] = nil
      oddities.damaged[name] = nil
    case .unreadable(let bytes):
      let known = oddities.damaged[name]
      oddities.damaged[name] = (bytes, known?.repairs ?? 0)
      if known?.bytes != bytes { actions.append(.report(.markDamaged(name, bytes))) }
    }
  }

  /// After it: where a damaged mark stands none is kept beside it, which would be refused again and again. The daemon
  /// that fires replaces it, by a comparison with all its bytes.
  ///
  /// What was fired last is not known then. Where the due time can still be read, the schedule goes on from there, and
  /// from what we remember where we have seen it run; else it counts from now. So nothing comes twice, and what was
  /// missed meanwhile is left out.
  ///
  /// - Parameters:
  ///   - count: of the actions before the document was taken in.
  ///   - base: what the schedule counted from before, if it was known.
  mutating func mendMark(of name: EntryName, after count: Int, base: UnixTime?, now: UnixTime) {
    guard let (bytes, repairs) = oddities.damaged[name] else { return }
    actions = actions.enumerated().filter { index, action in
      if index >= count, case .anchor(name, _) = action { false } else { true }
    }.map(\.element)
    guard isLeading, repairs < Self.mostRepairs, let handle = entries.handle(of: name),
      entries[handle]?.isFiring == false
    else { return }
    let readable = Mark.due(in: bytes).flatMap { $0 <= now ? $0 : nil }
    let remembered = [readable, base].compactMap { $0 }.max()
    entries[handle]?.base = remembered ?? now
    entries[handle]?.isBaseMeasured = true
    schedule(handle)
    guard let anchor = entries[handle]?.anchor else { return }
    oddities.damaged[name] = (bytes, repairs + 1)
    actions.append(.mend(name, from: bytes, to: anchor))
  }

  /// What was damaged while another daemon led is read once more before anything of it is fired.
  mutating func readDamagedMarks() {
    for (name, oddity) in oddities.damaged {
      oddities.damaged[name] = (oddity.bytes, 0)
      guard let handle = entries.handle(of: name), let entry = entries[handle], !entry.isFiring else { continue }
      resolve(handle, entry)
    }
  }

  /// What is written to a mark keeps what a newer version has put there.
  mutating func keepTrailingFields() {
    guard !oddities.trailing.isEmpty else { return }
    actions = actions.map { action in
      switch action {
      case .rebase(let name, let time, var mark):
        guard let trailing = oddities.trailing[name] else { return action }
        mark.trailing = trailing
        return .rebase(name, from: time, to: mark)
      default: return action
      }
    }
  }
}
