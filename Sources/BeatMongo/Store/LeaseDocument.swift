import BeatCore

/// The lease as it stands in the store.
struct LeaseDocument: Hashable, Sendable {
  /// The longest lease that is allowed; milliseconds.
  static let longest: Int64 = 3_600_000

  /// nil: there is none, or no text.
  let holder: String?
  /// Counts the holdings of the lease.
  let epoch: Int64?
  /// The end of the lease; milliseconds since 1970.
  let until: Int64?
  /// The holder lets a daemon that lacks nothing take the lease.
  let isOffered: Bool

  init(_ document: BSONDocument) {
    holder = document["holder"]?.text.flatMap { $0.isEmpty ? nil : $0 }
    epoch = document["epoch"]?.integer
    until = document["until"]?.integer
    isOffered = document["offered"]?.bool ?? false
  }

  /// The token of this holding; nil: no daemon holds the lease, or it has run out.
  ///
  /// - Parameter now: the server's time; milliseconds.
  func token(at now: Int64) -> String? {
    guard let holder, let epoch, remaining(at: now) != nil else { return nil }
    return "\(holder):\(epoch)"
  }

  /// The time until a lease ends; milliseconds. nil: it has ended. A lease that lasts longer than any daemon's is from
  /// before the server's clock was set back, or was written by another client: it would keep all daemons from firing
  /// until then, and counts as ended.
  func remaining(at now: Int64) -> Int64? {
    guard let until else { return nil }
    let (left, isTooFar) = until.subtractingReportingOverflow(now)
    return !isTooFar && left > 0 && left <= Self.longest ? left : nil
  }
}
