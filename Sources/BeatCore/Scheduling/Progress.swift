/// How far a schedule has come: what its next due time is counted from, and how that is known.
struct Progress: Equatable {
  /// The newest due time that is known to be fired, or the time first seen: what the next one is counted from.
  var base: UnixTime
  var totalRunCount: Int64
  /// The base is when we first saw the schedule, and this is the watermark that stood there then: of an earlier
  /// schedule of the name, or `earliest` for none. Another daemon may have seen it earlier; its watermark is newer than
  /// this one.
  @PackedTime var watermarkBefore: UnixTime?
  /// Of the newest watermark that was read: an edit that finds another one is an edit that was heard late.
  var watermarkSeen: Watermark.Fingerprint?
  /// The base was read off the store's clock while we watched, and not found in a watermark or a document of an earlier
  /// time: it is wrong if that clock was wrong.
  var isMeasured = false
  /// Something of it has run, by its watermark or its document.
  var hasRun = false

  init(base: UnixTime, totalRunCount: Int64) {
    self.base = base
    self.totalRunCount = totalRunCount
  }

  /// Counts from another time than any watermark says.
  mutating func count(from base: UnixTime) {
    self.base = base
    isMeasured = true
  }
}
