import BeatCore

extension MongoStoreClient {
  /// The most documents of daemons that are read.
  private static let most = 3000

  package func fleet() throws(StoreError) -> Fleet {
    let place = schedules
    let documents = try ask { client throws(MongoError) in
      try client.documents(
        [
          "aggregate": .text(place.daemon),
          "pipeline": [
            [
              "$match": [
                "$or": [
                  ["_id": .text(DaemonDocument.lease)], ["_id": Self.range(DaemonDocument.heartbeatPrefix)],
                  ["_id": Self.range(DaemonDocument.recordPrefix)],
                ]
              ]
            ], ["$sort": ["_id": 1]], ["$limit": .int32(Int32(Self.most))],
            [
              "$project": [
                "holder": true, "epoch": true, "until": true, "at": true, "now": ServerTime.now,
                "record": Expression.kept("record", atMost: Limit.ownFieldLength.most),
              ]
            ],
          ], "cursor": ["batchSize": .int32(Int32(Self.most) + 1)],
        ], on: place.database)
    }
    var (lease, epoch): (Fleet.Lease?, Int64?)
    var records: [String: DaemonRecord] = [:]
    var silences: [String: Int64] = [:]
    for document in documents {
      guard let id = document["_id"]?.text, let now = document["now"]?.integer else { continue }
      if id == DaemonDocument.lease {
        let stored = LeaseDocument(document)
        epoch = stored.epoch
        lease = stored.token(at: now).map { Fleet.Lease(token: $0, remaining: stored.remaining(at: now) ?? 0) }
      } else if id.hasPrefix(DaemonDocument.recordPrefix) {
        let record = document["record"]?.utf8.flatMap { DaemonRecord(Array($0)) }
        records[String(id.dropFirst(DaemonDocument.recordPrefix.count))] = record
      } else if let at = document["at"]?.integer, HeartbeatDocument.isYoung(at, at: now) {
        silences[String(id.dropFirst(DaemonDocument.heartbeatPrefix.count))] = max(0, now &- at) * 1000
      }
    }
    let members = Fleet.members(records, lease: lease) { silences[$0] }
    return Fleet(
      members: members, lease: lease, epoch: epoch, trace: members.contains { $0.isAlive } ? .none : try trace())
  }

  private static func range(_ prefix: String) -> BSON {
    ["$gte": .text(prefix), "$lt": .text(DaemonDocument.end(of: prefix))]
  }

  /// Whether a daemon without a heartbeat is connected to the server, such as one that may not write.
  private func trace() throws(StoreError) -> Fleet.Trace {
    let command: BSONDocument = [
      "aggregate": 1,
      "pipeline": [
        ["$currentOp": ["allUsers": true, "idleConnections": true]],
        ["$match": ["appName": .text(MongoClient.daemonName)]], ["$limit": 1], ["$project": ["client": true]],
      ], "cursor": [:],
    ]
    return try ask { client throws(MongoError) in
      do throws(MongoError) {
        let found = try client.documents(command, on: "admin")
        return found.first.map { .connected($0["client"]?.text?.printable ?? "?") } ?? .none
      } catch {
        // The right to look is one of an administrator, and not every server has the command.
        guard case .server = error.kind, !error.endsSession else { throw error }
        return .unknown
      }
    }
  }

  // MARK: receipts

  package func receipt(of name: EntryName) throws(StoreError) -> EditReceipt? {
    let place = schedules
    let found = try ask { client throws(MongoError) in
      try client.documents(
        ["find": .text(place.receipts), "filter": ["_id": ["$eq": name.asBSON]], "limit": 1], on: place.database)
    }
    return found.first?["receipt"]?.utf8.flatMap { EditReceipt(Array($0)) }
  }

  package func rejections(atMost limit: Int) throws(StoreError) -> (count: Int, first: [(EntryName, String)]) {
    let walk = IDWalk.receipts(schedules)
    var list = RejectionList()
    var position: String?
    repeat {
      let page = try ask { [schedules] client throws(MongoError) in
        try walk.page(client, on: schedules.database, from: position)
      }
      for document in page.documents {
        if let name = document["_id"].flatMap({ EntryName($0) }), let receipt = document["receipt"]?.utf8 {
          list.add(name, receipt: Array(receipt))
        }
      }
      position = page.next
    } while position != nil
    return list.summary(atMost: limit)
  }

  package func outboxLength() throws(StoreError) -> Int64 {
    let place = schedules
    return try ask { client throws(MongoError) in Int64(try OutboxLength.count(client, place)) }
  }
}
