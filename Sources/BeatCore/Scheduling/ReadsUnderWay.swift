/// The reads of documents whose answers have not come.
struct ReadsUnderWay {
  /// The open reads by name. True: the key was touched after the read was sent, so its answer may be old.
  private var reads: [EntryName: Bool] = [:]
  /// Schedules whose watermark this process has just stored while an earlier read of them is open: its answer may lack
  /// the watermark.
  private var unseenAnchors: Set<EntryName> = []

  func contains(_ name: EntryName) -> Bool { reads[name] != nil }

  /// - Returns: whether a read must be sent now. If not, one is open, and its answer is followed by another read.
  mutating func touch(_ name: EntryName) -> Bool {
    guard reads[name] == nil else {
      reads[name] = true
      return false
    }
    reads[name] = false
    return true
  }

  /// - Returns: whether the key was touched since the read was sent.
  mutating func answered(_ name: EntryName) -> Bool { !reads.isEmpty && reads.removeValue(forKey: name) == true }

  /// A load begins. The answers to earlier reads may be older than the changes that were missed.
  mutating func loadBegins() {
    for name in reads.keys { reads[name] = true }
  }

  mutating func loadFinished() { unseenAnchors.formIntersection(reads.keys) }

  mutating func disconnected() {
    reads.removeAll()
    unseenAnchors.removeAll()
  }

  // MARK: our own watermarks

  /// This process stores a watermark. A read that is sent after this finds it.
  mutating func anchored(_ name: EntryName, whileAllAreRead: Bool) {
    if whileAllAreRead || contains(name) { unseenAnchors.insert(name) }
  }

  func mayLackAnchor(of name: EntryName) -> Bool { !unseenAnchors.isEmpty && unseenAnchors.contains(name) }

  mutating func anchorIsKnown(_ name: EntryName) { if !unseenAnchors.isEmpty { unseenAnchors.remove(name) } }
}
