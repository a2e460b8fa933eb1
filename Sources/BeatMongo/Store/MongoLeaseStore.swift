import BeatCore

/// The heartbeat and the lease: two documents, changed one after the other in one piece of work.
final class MongoLeaseStore: LeaseStore {
  private let calls: MongoCalls
  private let instance: String
  /// The name for the contents of a store that has none.
  private let incarnation: String

  init(_ calls: MongoCalls, _ context: MongoSessionContext, incarnation: String) {
    self.calls = calls
    instance = context.instance
    self.incarnation = incarnation
  }

  func beat(_ request: HeartbeatRequest, then completion: @escaping Completion<HeartbeatReply>) {
    let (place, instance, incarnation) = (calls.place, instance, incarnation)
    calls.perform(
      { client throws(MongoError) in
        try Self.beat(request, of: instance, incarnation: incarnation, at: place, by: client)
      }, then: completion)
  }

  static func beat(
    _ request: HeartbeatRequest, of instance: String, incarnation: String, at place: MongoPlace, by client: MongoClient
  ) throws(MongoError) -> HeartbeatReply {
    // The lease comes last: a daemon that may not write its heartbeat neither gets nor keeps it.
    let beat = try client.findAndUpdate(
      DaemonDocument.heartbeat(instance), in: place.daemon, on: place.database,
      by: HeartbeatPipeline.stages(sequence: request.sequence), returning: HeartbeatPipeline.answered)
    // The name for the store's contents includes the sequence: if the contents are lost, this daemon names them again,
    // and must notice that the name has changed.
    let word = "\(incarnation).\(request.sequence)"
    let lease = try client.findAndUpdate(
      DaemonDocument.lease, in: place.daemon, on: place.database,
      by: LeasePipeline.stages(request, instance: instance, word: word), returning: LeasePipeline.answered)
    guard let heartbeat = HeartbeatDocument(beat) else {
      throw MongoError(.reply, "the answer to a heartbeat has no time")
    }
    return HeartbeatReply(heartbeat, lease, to: request, of: instance, at: place)
  }

  /// Gives the lease back with any epoch: the reply that told the newest one may be on its way.
  func release(then completion: @escaping Completion<Void>) {
    let (place, instance) = (calls.place, instance)
    calls.perform(
      { client throws(MongoError) in
        _ = try client.write(
          [
            "update": .text(place.daemon),
            "updates": [
              [
                "q": ["_id": .text(DaemonDocument.lease), "holder": .text(instance)],
                "u": ["$set": ["until": .int64(0)], "$unset": ["holder": 1, "offered": 1]],
              ]
            ], "writeConcern": WriteConcern.majority,
          ], on: place.database)
      }, then: completion)
  }
}

extension HeartbeatReply {
  init(
    _ heartbeat: HeartbeatDocument, _ lease: BSONDocument, to request: HeartbeatRequest, of instance: String,
    at place: MongoPlace
  ) {
    self.init(
      sequence: request.sequence, previousSequence: heartbeat.previous, incarnation: lease["incarnation"]?.text ?? "",
      lease: request.leaseTTL == nil ? .free : Lease(LeaseDocument(lease), at: heartbeat.at, of: instance),
      serverTime: ServerTime.time(heartbeat.at), clockDifference: 0,
      damaged: heartbeat.foreign.map { Damage($0, in: DaemonDocument.heartbeat(instance), at: place) }
        + ForeignField.all(in: lease).map { Damage($0, in: DaemonDocument.lease, at: place) })
  }
}

extension HeartbeatReply.Lease {
  /// - Parameter now: the server's time a moment before the lease was read; milliseconds.
  init(_ lease: LeaseDocument, at now: Int64, of instance: String) {
    guard let token = lease.token(at: now), let left = lease.remaining(at: now) else {
      self = .free
      return
    }
    self =
      lease.holder == instance
      ? .held(token: token) : .other(token: token, remaining: left * 1000, isOffered: lease.isOffered)
  }
}

extension HeartbeatReply.Damage {
  init(_ field: ForeignField, in document: String, at place: MongoPlace) {
    self.init(
      place: Array("\(place.daemon), \"\(document)\": \(field.name)".utf8), found: Array(field.found.utf8),
      remedy: Self.remedy(field.name))
  }

  private static func remedy(_ field: String) -> String {
    switch field {
    case "holder":
      "a daemon takes its place at once if it cannot be a lease, and else when it has run out, as it may be a newer "
        + "version's; if none runs, delete it"
    case "until": "the lease counts as one that has run out"
    case "epoch": "the time has taken its place"
    case "incarnation": "a new name has taken its place, and the daemons read all schedules again"
    default: "the daemon goes on without it"
    }
  }
}
