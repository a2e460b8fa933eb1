/// What became of a detected edit: one line of JSON for the client that made it.
package struct EditReceipt: Hashable, Sendable {
  package var verdict: Scheduler.Verdict
  /// When the edit was detected, by the store's clock.
  package var heard: UnixTime
  /// What is probably not meant in a document that is in force.
  package var warnings: [String] = []
  /// SHA-1 of the document's bytes that the receipt is about, in 40 lower-case hex digits. nil: they were not read, or
  /// an earlier version wrote the receipt.
  package var sha1: String?

  package init(_ verdict: Scheduler.Verdict, heard: UnixTime) {
    self.verdict = verdict
    self.heard = heard
  }

  /// The receipt as it is stored: `{"state": "accepted", "next": "2026-11-21T05:00:00Z", "heard": …, "sha1": …}`, where
  /// `next` is null if the schedule will not run, or `{"state": "rejected", "reason": …, "heard": …, "sha1": …}`.
  package var bytes: [UInt8] {
    var text: [UInt8] = []
    text.append(Self.beginning(of: verdict))
    switch verdict {
    case .accepted(let next):
      text.append(#", "next": "#)
      text.appendJSON(next?.iso8601)
    case .rejected(let reason):
      text.append(#", "reason": "#)
      text.appendJSON(reason)
    }
    text.append(#", "heard": "#)
    text.appendJSON(heard.iso8601)
    if let sha1 {
      text.append(#", "sha1": "#)
      text.appendJSON(sha1)
    }
    if !warnings.isEmpty {
      text.append(#", "warnings": ["#)
      for (index, warning) in warnings.enumerated() {
        if index > 0 { text.append(", ") }
        text.appendJSON(warning)
      }
      text.append("]")
    }
    text.append("}")
    return text
  }

  /// Whether a stored receipt has the same state as a verdict: accepted or rejected.
  package static func tells(_ bytes: [UInt8], _ verdict: Scheduler.Verdict) -> Bool {
    bytes.starts(with: beginning(of: verdict).utf8)
  }

  private static func beginning(of verdict: Scheduler.Verdict) -> String {
    if case .accepted = verdict { #"{"state": "accepted""# } else { #"{"state": "rejected""# }
  }

  /// Reads what `bytes` has written; nil: another client wrote these bytes.
  package init?(_ bytes: [UInt8]) {
    guard let layout = try? DocumentLayout(bytes), let heard = layout.text("heard").flatMap({ UnixTime(iso8601: $0) })
    else { return nil }
    switch layout.text("state") {
    case "accepted": self.init(.accepted(next: layout.text("next").flatMap { UnixTime(iso8601: $0) }), heard: heard)
    case "rejected": self.init(.rejected(reason: layout.text("reason") ?? ""), heard: heard)
    default: return nil
    }
    sha1 = layout.text("sha1")
    guard let list = layout["warnings"], list.kind == .array else { return }
    warnings = JSONScanner.items(of: list, in: bytes).compactMap { JSONScanner.text(of: $0, in: bytes) }
  }
}
