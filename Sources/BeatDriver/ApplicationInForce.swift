import BeatCore

/// The application's manifest by which documents are read and messages are made.
///
/// A manifest that cannot be read does not replace the last good one: for a mistake of its publisher, the schedules would
/// go to other queues.
struct ApplicationInForce {
  private(set) var manifest: ApplicationManifest?
  /// The name of the application whose manifest was in force and is gone; nil: none is.
  private(set) var gone: String?
  /// The digest of the bytes that were looked at last; nil: there were none.
  private var digest: [UInt8]?

  /// Why what is stored cannot be used, as it was reported last.
  private var complaint: String?

  /// Takes note of a reason, and says whether it is to be reported: the same reason comes with each read.
  mutating func isNews(_ reason: String?) -> Bool {
    defer { complaint = reason }
    return reason != nil && reason != complaint
  }

  enum Change {
    /// What was stored says the same as before.
    case none
    /// Another manifest is in force; nil: there is none any more.
    ///
    /// - isReadingToo: a document may be read otherwise than before, and not only be sent otherwise.
    case replaced(ApplicationManifest?, isReadingToo: Bool)
    case unreadable(DocumentProblem)
  }

  /// Takes the bytes that are stored; nil: there are none.
  mutating func take(
    _ bytes: [UInt8]?, digest sha1: TaskID.SHA1, parse: ([UInt8]) throws(DocumentProblem) -> ApplicationManifest
  ) -> Change {
    let digest = bytes.map(sha1)
    guard digest != self.digest else { return .none }
    self.digest = digest
    let before = manifest
    guard let bytes else {
      manifest = nil
      gone = before?.name ?? gone
      return before == nil ? .none : .replaced(nil, isReadingToo: true)
    }
    do throws(DocumentProblem) { manifest = try parse(bytes) } catch { return .unreadable(error) }
    gone = nil
    // What people were told is unreadable can be read again, though it says the same.
    guard let manifest, !manifest.says(before) || complaint != nil else { return .none }
    return .replaced(manifest, isReadingToo: !manifest.readsAlike(before))
  }
}
