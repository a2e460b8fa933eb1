import BeatCore

/// Settles one request for a run by hand: fires it or refuses it, and answers it, by one change of one document.
struct ManualSettlement: Sendable {
  enum Step: Sendable {
    case fire(FirePlan)
    case refuse(String)

    init(_ step: ManualStep) {
      switch step {
      case .fire(let plan): self = .fire(plan)
      case .refuse(let reason): self = .refuse(reason)
      }
    }
  }

  let id: String
  let request: ManualRequest
  let step: Step
  let token: String
  let context: MongoSessionContext
  let text: MongoManualRequests.ReadText

  struct Result: Sendable {
    let outcome: ManualOutcome
    /// What the server refused of that which a run can do without.
    let lack: String?

    init(_ outcome: ManualOutcome, lack: String? = nil) { (self.outcome, self.lack) = (outcome, lack) }
  }

  func result(by client: MongoClient) throws(MongoError) -> Result {
    guard let fence = try LeaseFence.check(client, context.place, token: token) else { return Result(.over) }
    switch step {
    case .refuse(let reason): return Result(try refuse(because: reason, within: fence, client))
    case .fire(let plan):
      guard try text(client, plan.entry) == plan.oldDocument else {
        return Result(try isOver(client) ? .over : .changed)
      }
      let length = try OutboxLength.count(client, context.place)
      guard length < context.outboxLimit else {
        return Result(
          try refuse(
            because: "the outbox is full: \(Plural.of(length, "message waits", "messages wait")) for the broker",
            within: fence, client))
      }
      return try fire(plan, within: fence, client)
    }
  }

  private func fire(_ plan: FirePlan, within fence: LeaseFence, _ client: MongoClient) throws(MongoError) -> Result {
    try context.sequence.follow(token, client, context.place)
    let item = MarkItem(OutboxItem(plan), sequence: context.sequence.next())
    let isAnswered = try Self.answer(
      id,
      by: FencedUpdate.pipeline(
        while: [fence.isBeforeLimit, isInTime], set: [("answer", Expression.literal("fired \(plan.taskID)"))],
        append: item.value), client, context.place)
    guard isAnswered else { return Result(try lateOrOver(client)) }
    context.room.added(1)
    let run = FireRecord(
      name: plan.entry, taskID: plan.taskID.description,
      due: ServerTime.time(fence.now) ?? plan.due, late: 0, reason: plan.reason.rawValue)
    return Result(.fired, lack: try context.history.add([run], by: client))
  }

  private func refuse(
    because reason: String, within fence: LeaseFence, _ client: MongoClient
  ) throws(MongoError) -> ManualOutcome {
    let isAnswered = try Self.refuse(
      id, because: reason, while: [fence.isBeforeLimit, isInTime], client, context.place)
    return isAnswered ? .refused(reason) : try lateOrOver(client)
  }

  private var isInTime: BSON { ["$lte": [ServerTime.now, .int64(ServerTime.milliseconds(request.deadline))]] }

  /// Removes the request if its deadline has passed: nobody waits for an answer.
  private func lateOrOver(_ client: MongoClient) throws(MongoError) -> ManualOutcome {
    var filter = Self.waiting(id)
    filter.append(("$expr", ["$not": [isInTime]]))
    _ = try client.write(
      [
        "delete": .text(context.place.marks), "deletes": [["q": .fields(filter), "limit": 1]],
        "writeConcern": WriteConcern.one,
      ], on: context.place.database)
    return .over
  }

  /// Whether the request has been answered or withdrawn, or is too late.
  private func isOver(_ client: MongoClient) throws(MongoError) -> Bool {
    _ = try lateOrOver(client)
    return try client.documents(
      [
        "find": .text(context.place.marks), "filter": .fields(Self.waiting(id)), "projection": ["_id": 1], "limit": 1,
      ], on: context.place.database
    ).isEmpty
  }

  // MARK: answers

  /// Answers a request that is not carried out.
  ///
  /// - Parameter conditions: under which it is answered, by the server's clock.
  /// - Returns: whether it was: it had no answer before.
  static func refuse(
    _ id: String, because reason: String, while conditions: [BSON], _ client: MongoClient, _ place: MongoPlace
  ) throws(MongoError) -> Bool {
    try answer(
      id,
      by: FencedUpdate.pipeline(
        while: conditions, set: [("answer", Expression.literal("refused \(reason)")), ("done", "$$NOW")]), client, place
    )
  }

  private static func answer(
    _ id: String, by update: BSON, _ client: MongoClient, _ place: MongoPlace
  ) throws(MongoError) -> Bool {
    let reply = try client.write(
      [
        "update": .text(place.marks), "updates": [["q": .fields(waiting(id)), "u": update]],
        "writeConcern": WriteConcern.majority,
      ], on: place.database)
    if let first = reply.errors.first { throw first.error }
    return reply.changed > 0
  }

  /// A request that waits for its answer.
  private static func waiting(_ id: String) -> [(name: String, value: BSON)] {
    [("_id", ["$eq": ["request": .text(id)]]), ("answer", ["$exists": false])]
  }
}
