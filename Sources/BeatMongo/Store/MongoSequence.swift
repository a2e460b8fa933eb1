import Synchronization

/// Numbers the messages of the outbox and the runs of the history, so that a later one has a greater number.
///
/// The upper bits are a number that the server has counted up, so no two sessions share one. The server counts it up
/// again whenever this daemon has taken the lease anew: another daemon may have sent messages in the meantime, and those
/// come before this daemon's next ones. Without a lease, the order of two daemons' messages is that of their sessions.
final class MongoSequence: Sendable {
  /// The lower bits count within a session, a number for each message and each run.
  private static let counterBits: Int64 = 32
  /// How many numbers a session takes before it gets other upper bits.
  private static let most: Int64 = 1 << 31
  /// After as many sessions, numbers begin anew: one a second for 68 years.
  private static let sessions: Int64 = 1 << 31

  private struct State {
    var next: Int64
    /// The next number from which on the session needs other upper bits.
    var end: Int64
    /// The token of the holding of the lease for which the numbers count; empty: none has fired.
    var token = ""

    init(_ session: Int64) {
      next = (session & (MongoSequence.sessions - 1)) << MongoSequence.counterBits
      end = next + MongoSequence.most
    }
  }

  private let state: Mutex<State>

  /// - Parameter session: the number that the server has counted up for this session (`opened`).
  init(session: Int64) { state = Mutex(State(session)) }

  /// The next number.
  func next() -> Int64 {
    state.withLock { state in
      defer { state.next &+= 1 }
      return state.next
    }
  }

  /// Makes all further numbers greater than those of other daemons, if this token is not the one of the call before.
  /// It is called before the numbers of a fire are taken.
  ///
  /// - Parameter token: of this daemon's lease; empty: there is no lease.
  func follow(_ token: String, _ client: MongoClient, _ place: MongoPlace) throws(MongoError) {
    guard state.withLock({ $0.token != token || $0.next >= $0.end }) else { return }
    let session = try Self.opened(client, place)
    state.withLock { state in
      state = State(session)
      state.token = token
    }
  }

  /// Counts up the server's number and returns it.
  ///
  /// The first number is the time, in seconds: so it is greater than any before the contents were lost, or before
  /// another client put something else in its place.
  static func opened(_ client: MongoClient, _ place: MongoPlace) throws(MongoError) -> Int64 {
    let isSession: BSON = ["$and": [Expression.isWhole("n"), ["$gt": ["$n", 0]], ["$lt": ["$n", .int64(sessions)]]]]
    let counter = try client.findAndUpdate(
      DaemonDocument.sessions, in: place.daemon, on: place.database,
      by: [["$set": ["n": ["$cond": [isSession, ["$add": [["$toLong": "$n"], 1]], Expression.seconds]]]]],
      returning: ["n"])
    guard let number = counter["n"]?.integer else {
      throw MongoError(.reply, "\(place.daemon): \"\(DaemonDocument.sessions)\" holds no number")
    }
    return number
  }
}
