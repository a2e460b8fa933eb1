/// How far a schedule has come: the time from which its next due time is counted, and how that time is known.
struct Progress: Equatable {
  /// The newest due time that is known to have been fired, or the time first seen. The next due time is counted from
  /// it.
  var base: UnixTime
  var totalRunCount: Int64
  /// Set while the base is the time at which this process first saw the schedule: the due time of the watermark that
  /// was stored then. That one belongs to an earlier schedule of the same name; `earliest`: there was none. Another
  /// daemon may have seen the schedule earlier. Its watermark is newer than this time.
  @PackedTime var watermarkBefore: UnixTime?
  /// The fingerprint of the newest watermark that was read. If the read of an edit finds another one, the edit was
  /// detected late.
  var watermarkSeen: Watermark.Fingerprint?
  /// The base was read off the store's clock while this process watched, and not found in a watermark or a document
  /// from an earlier time. If that clock was wrong, the base is wrong.
  var isMeasured = false
  /// The schedule has run, by its watermark or its document.
  var hasRun = false

  init(base: UnixTime, totalRunCount: Int64) {
    self.base = base
    self.totalRunCount = totalRunCount
  }

  /// Counts from a time that no watermark holds.
  mutating func count(from base: UnixTime) {
    self.base = base
    isMeasured = true
  }
}
