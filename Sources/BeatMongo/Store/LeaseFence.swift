import BeatCore

/// The time within which this daemon may write what only the lease's holder may. The server checks it again with the
/// write itself: a daemon that was stopped in between, for however long, writes nothing.
struct LeaseFence: Hashable, Sendable {
  /// How long a write may come after the look at the lease; milliseconds. It bounds how old a document may be when it is
  /// fired.
  static let patience: Int64 = 1000

  /// The server's time when the lease was read; milliseconds since 1970.
  let now: Int64
  /// The server's time from which on nothing may be written.
  let limit: Int64

  /// - Parameter lease: nil: none is needed.
  init?(_ lease: LeaseDocument?, token: String, now: Int64) {
    let (last, isTooFar) = now.addingReportingOverflow(Self.patience)
    guard !isTooFar else { return nil }
    self.now = now
    if token.isEmpty {
      limit = last
    } else {
      guard let lease, let until = lease.until, lease.token(at: now) == token else { return nil }
      limit = min(until, last)
    }
  }

  /// The condition of a write's filter that there is time left, for `$expr`.
  var isBeforeLimit: BSON { ["$lt": [ServerTime.now, .int64(limit)]] }

  /// The condition that an occurrence is due.
  ///
  /// - Parameter lead: how long before its due time it may be sent; microseconds.
  func isDue(_ due: UnixTime, lead: Int64) -> BSON {
    ["$gte": [ServerTime.now, .int64(Self.first(due, lead: lead))]]
  }

  /// Whether an occurrence was not due when the lease was read.
  func isEarly(_ due: UnixTime, lead: Int64) -> Bool { now < Self.first(due, lead: lead) }

  /// The first millisecond in which an occurrence may be sent.
  static func first(_ due: UnixTime, lead: Int64) -> Int64 {
    let start = due.advanced(by: -max(0, lead))
    let floor = ServerTime.milliseconds(start)
    return floor &* 1000 == start.microseconds ? floor : floor + 1
  }

  /// Looks at the lease before a write that only its holder may do.
  ///
  /// - Parameter token: of this daemon's lease; empty: there is no lease.
  /// - Returns: nil: another daemon holds the lease, or this daemon's has run out.
  static func check(_ client: MongoClient, _ place: MongoPlace, token: String) throws(MongoError) -> LeaseFence? {
    let documents = try client.documents(
      [
        "aggregate": .text(place.daemon),
        "pipeline": [
          ["$match": ["_id": .text(DaemonDocument.lease)]],
          ["$project": ["holder": 1, "epoch": 1, "until": 1, "now": ServerTime.now]],
        ], "cursor": [:],
      ], on: place.database)
    guard let document = documents.first, let now = document["now"]?.integer else {
      // The contents were lost. The next heartbeat makes the document again.
      guard token.isEmpty else { return nil }
      return LeaseFence(nil, token: token, now: try ServerTime.read(client))
    }
    return LeaseFence(LeaseDocument(document), token: token, now: now)
  }
}
