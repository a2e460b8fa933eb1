import BeatCore
import BeatLoop

/// Checks whether edits are heard: by a change stream as the daemon opens it, and a heartbeat that belongs to no daemon.
extension MongoDoctor {
  package func examineChangeDetection(isFiring: Bool, by events: String?) throws {
    let probe = StreamProbe(place: place, instance: Self.nobody())
    switch try client.ask({ client throws(MongoError) in try probe.outcome(by: client) }) {
    case .heard(let after):
      findings.add(.ok, "notifications", "a change is heard \(TimeText.span(after)) after it was begun")
    case .silent:
      findings.add(
        isFiring ? .problem : .warning, "notifications",
        "a change stream of \(url) has brought no event in 3 s: edits are not heard at once",
        fix: "is the server's disk or a member of the replica set slow? \(shell("rs.status()", on: "admin")) shows them"
      )
    case .refused(let error) where error.isOfOurRights:
      let user = try MongoUser.read(client)
      findings.add(
        .problem, "notifications", "nobody may listen: \(error.message)",
        fix: user.map { shell($0.grant(place), on: $0.database) } ?? MongoRights.advice(place))
    case .refused(let error):
      findings.add(
        isFiring ? .problem : .warning, "notifications",
        "\(url) has no change streams: edits are not heard at once (\(error.message))",
        fix: client.serverFacts?.setName == nil ? replicaSetRemedy : "another server in --store-url")
    case .unwritten(let error):
      findings.add(
        .warning, "notifications",
        "whether edits are heard could not be tried: a heartbeat is refused: \(error.message)",
        fix: "see `rights` below")
    }
  }
}

/// Opens a change stream, writes a heartbeat, waits for its event, and closes the stream.
struct StreamProbe {
  private static let patience: Int64 = 3_000_000

  let place: MongoPlace
  let instance: String

  enum Outcome {
    /// Microseconds from the write on.
    case heard(after: Int64)
    case silent
    case refused(MongoError)
    case unwritten(MongoError)
  }

  func outcome(by client: MongoClient) throws(MongoError) -> Outcome {
    let first: MongoPage
    do throws(MongoError) {
      first = try MongoPage(
        try client.run(
          ["aggregate": 1, "pipeline": ChangeEvent.pipeline(place, instance: instance), "cursor": [:]],
          on: place.database))
    } catch {
      if error.kind == .network || error.code == .notPrimary { throw error }
      return .refused(error)
    }
    let outcome: Outcome
    do throws(MongoError) {
      let start = MonotonicTime.now()
      try write(client)
      outcome = try listen(to: first, since: start, client)
    } catch {
      if error.kind == .network || error.code == .notPrimary { throw error }
      outcome = .unwritten(error)
    }
    try client.close(first.cursor, of: "$cmd.aggregate", on: place.database)
    return outcome
  }

  private var id: BSON { .text(DaemonDocument.heartbeat(instance)) }

  /// Writes a heartbeat of no daemon. It holds its time, so that daemons remove it if this process dies first.
  private func write(_ client: MongoClient) throws(MongoError) {
    try client.write(
      [
        "update": .text(place.daemon), "writeConcern": WriteConcern.majority,
        "updates": [["q": ["_id": id], "u": [["$set": ["at": ServerTime.now]]], "upsert": true]],
      ], on: place.database
    ).requireNoError()
  }

  private func listen(
    to first: MongoPage, since start: MonotonicTime, _ client: MongoClient
  ) throws(MongoError) -> Outcome {
    var outcome = Outcome.silent
    var events = first.documents
    do throws(MongoError) {
      repeat {
        if events.contains(where: isOurs) {
          outcome = .heard(after: MonotonicTime.now().microseconds(since: start))
          break
        }
        events = try MongoPage(
          try client.run(
            ["getMore": .int64(first.cursor), "collection": "$cmd.aggregate", "maxTimeMS": 500], on: place.database)
        ).documents
      } while MonotonicTime.now().microseconds(since: start) < Self.patience
    } catch {
      if error.kind == .network || error.code == .notPrimary { throw error }
      outcome = .refused(error)
    }
    _ = try client.write(
      [
        "delete": .text(place.daemon), "writeConcern": WriteConcern.one, "deletes": [["q": ["_id": id], "limit": 1]],
      ], on: place.database)
    return outcome
  }

  private func isOurs(_ event: BSONDocument) -> Bool {
    if case .heartbeat? = ChangeEvent(event, in: place, instance: instance) { true } else { false }
  }
}
