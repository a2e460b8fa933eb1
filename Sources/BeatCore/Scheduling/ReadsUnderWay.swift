/// Reads of documents whose answers have not come.
struct ReadsUnderWay {
  /// True: the key was touched after the read was sent, so its answer may be old.
  private var reads: [EntryName: Bool] = [:]
  /// Schedules whose watermark we have just kept, while a read of them is under way that was sent before: its answer may
  /// lack it.
  private var unseenAnchors: Set<EntryName> = []

  func contains(_ name: EntryName) -> Bool { reads[name] != nil }

  /// - Returns: whether a read is to be sent. Else the answer that comes is followed by another read.
  mutating func touch(_ name: EntryName) -> Bool {
    guard reads[name] == nil else {
      reads[name] = true
      return false
    }
    reads[name] = false
    return true
  }

  /// - Returns: whether the key was touched meanwhile.
  mutating func answered(_ name: EntryName) -> Bool { !reads.isEmpty && reads.removeValue(forKey: name) == true }

  /// The answers to reads that were sent before may be older than what was missed.
  mutating func loadBegins() {
    for name in reads.keys { reads[name] = true }
  }

  mutating func loadFinished() { unseenAnchors.formIntersection(reads.keys) }

  mutating func disconnected() {
    reads.removeAll()
    unseenAnchors.removeAll()
  }

  // MARK: our own watermarks

  /// A read that is sent after this finds one.
  mutating func anchored(_ name: EntryName, whileAllAreRead: Bool) {
    if whileAllAreRead || contains(name) { unseenAnchors.insert(name) }
  }

  func mayLackAnchor(of name: EntryName) -> Bool { !unseenAnchors.isEmpty && unseenAnchors.contains(name) }

  mutating func anchorIsKnown(_ name: EntryName) { if !unseenAnchors.isEmpty { unseenAnchors.remove(name) } }
}
