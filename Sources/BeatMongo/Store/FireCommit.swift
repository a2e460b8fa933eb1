import BeatCore

/// Carries out fires, on the thread for commands.
///
///     lease and clock -> marks -> documents -> compare -> write the marks: this is the fire
///     -> write the documents, and then what no message waits for (`FireFollowUp`)
///
/// The mark is written first. If the daemon dies after it, the document is older than its watermark, as a stale copy is,
/// and the message waits in the mark for the next relay. If the document were written first, a death would leave what
/// looks like a run of another scheduler.
///
/// The marks are read before the documents. So at the moment when a document is read, its mark is the one that the
/// write replaces, and no fire has answered what the document asks for.
struct FireCommit: Sendable {
  /// The most plans of one step, and the most bytes of them.
  static let most = 128
  static let largest = 8_388_608
  /// The most messages of one schedule that may wait, and their bytes: they are parts of one document.
  private static let mostWaiting = 1000
  private static let mostWaitingBytes = 1_048_576

  let context: MongoSessionContext
  /// The lease's token; empty: there is no lease.
  let token: String

  struct Result: Sendable {
    /// In the order of the plans.
    var outcomes: [FireOutcome]
    /// What the server refused of that which a fire can do without.
    var lacks: [String] = []
    /// What is left to do; nil: nothing was fired.
    var followUp: FireFollowUp?
  }

  /// A plan that passes all comparisons.
  private struct Candidate {
    let index: Int
    let plan: FirePlan
    let mark: StoredMark?
    let id: BSONValue
    let redo: RedoNote
  }

  private var place: MongoPlace { context.place }

  func result(of plans: [FirePlan], by client: MongoClient) throws(MongoError) -> Result {
    guard let fence = try LeaseFence.check(client, place, token: token) else {
      return Result(outcomes: plans.map { _ in .fenced })
    }
    let names = plans.map(\.entry)
    let marks = try StoredMark.find(names, in: place, by: client)
    let documents = try StoredSchedules.find(names, in: place, by: client)
    var result = Result(outcomes: [])
    var candidates: [Candidate] = []
    var taken: Set<EntryName> = []
    for plan in plans {
      let mark = marks[plan.entry]
      let verdict = compare(plan, mark, documents, isTaken: taken.contains(plan.entry), fence)
      switch verdict {
      case .outcome(let outcome): result.outcomes.append(outcome)
      case .ready(let id, let changes):
        taken.insert(plan.entry)
        candidates.append(
          Candidate(
            index: result.outcomes.count, plan: plan, mark: mark, id: id,
            redo: RedoNote(id: plan.taskID, of: id, changes)))
        result.outcomes.append(.fired)
      }
    }
    try makeRoom(for: &candidates, now: fence.now, &result, client)
    guard !candidates.isEmpty else { return result }
    try context.sequence.follow(token, client, place)
    let fired = try writeMarks(candidates, fence, &result, client)
    guard !fired.isEmpty else { return result }
    try writeDocuments(fired, &result, client)
    result.followUp = FireFollowUp(
      context: context,
      answered: fired.filter { $0.redo.answersRequest && context.written.contains($0.redo.id) }
        .map { ($0.plan.entry, $0.redo.id) },
      runs: fired.map { FireRecord($0.plan, at: fence.now) })
    return result
  }

  // MARK: comparing

  private enum Verdict {
    case outcome(FireOutcome)
    case ready(id: BSONValue, FieldChanges)
  }

  private func compare(
    _ plan: FirePlan, _ mark: StoredMark?, _ documents: StoredSchedules, isTaken: Bool, _ fence: LeaseFence
  ) -> Verdict {
    // The watermark is compared before the document: after a lost answer, this daemon's own fire has changed it.
    if let marked = mark?.bytes, let outcome = Self.outcome(plan, marked: marked) { return .outcome(outcome) }
    guard let stored = documents.incumbent(plan.entry, mark) else { return .outcome(.gone) }
    if mark?.isMoving == true { return .outcome(.changed) }
    guard !isTaken, case .text(let shown) = StoredText.content(of: mark?.redo?.applied(to: stored) ?? stored),
      shown == plan.oldDocument
    else { return .outcome(.changed) }
    guard !fence.isEarly(plan.due, lead: context.maximumLead) else {
      return .outcome(.early(serverTime: ServerTime.time(fence.now) ?? plan.due))
    }
    guard let id = stored["_id"] else { return .outcome(.changed) }
    do throws(FieldChangesError) {
      guard case .text(let text) = StoredText.content(of: stored) else { return .outcome(.changed) }
      return .ready(id: id, try FieldChanges(from: text, to: plan.newDocument, stored: stored))
    } catch { return .outcome(.refused("\(error)")) }
  }

  /// What a watermark says of a plan; nil: the plan is later.
  private static func outcome(_ plan: FirePlan, marked: [UInt8]) -> FireOutcome? {
    let due = Array(Watermark.digits(plan.due).utf8)
    guard !marked.prefix(due.count).lexicographicallyPrecedes(due) else { return nil }
    let id = marked.dropFirst(due.count + 1).prefix { $0 != UInt8(ascii: "|") }
    return id.elementsEqual(plan.taskID.description.utf8) ? .alreadyMine : .already
  }

  /// Refuses the last of the candidates if the outbox has no room for all of them, and those of schedules of which too
  /// many messages wait.
  private func makeRoom(
    for candidates: inout [Candidate], now: Int64, _ result: inout Result, _ client: MongoClient
  ) throws(MongoError) {
    guard !candidates.isEmpty else { return }
    candidates.removeAll { candidate in
      guard let mark = candidate.mark, mark.waiting > 0,
        mark.waiting >= Self.mostWaiting
          || mark.waitingLength + candidate.plan.message.count > Self.mostWaitingBytes
      else { return false }
      result.outcomes[candidate.index] = Self.isFull(mark.waiting, "of this schedule ")
      return true
    }
    let room = max(
      0,
      try context.room.room(for: candidates.count, now: now) { () throws(MongoError) in
        try OutboxLength.count(client, place)
      })
    while candidates.count > room, let last = candidates.popLast() {
      result.outcomes[last.index] = Self.isFull(context.outboxLimit - room + candidates.count, "")
    }
  }

  private static func isFull(_ count: Int, _ whose: String) -> FireOutcome {
    .refused(
      "the outbox is full: \(Plural.of(count, "message \(whose)waits", "messages \(whose)wait")) for the broker; what is "
        + "due waits for room")
  }

  // MARK: writing

  /// Writes the marks with their messages.
  ///
  /// - Returns: the candidates that are fired.
  private func writeMarks(
    _ candidates: [Candidate], _ fence: LeaseFence, _ result: inout Result, _ client: MongoClient
  ) throws(MongoError) -> [Candidate] {
    let new = candidates.filter { $0.mark == nil }
    if !new.isEmpty {
      // An update that inserts may not compare with `$$NOW`, so the document comes first. Another daemon's is as good.
      let reply = try client.write(
        [
          "insert": .text(place.marks), "ordered": false, "writeConcern": WriteConcern.one,
          "documents": .array(new.map { ["_id": .string($0.plan.entry.bytes), "pending": []] }),
        ], on: place.database)
      if let error = reply.errors.first(where: { $0.error.code != .duplicate })?.error { throw error }
    }
    let statements: [BSON] = candidates.map { candidate in
      let plan = candidate.plan
      let item = MarkItem(OutboxItem(plan), sequence: context.sequence.next())
      return [
        "q": [
          "_id": ["$eq": .string(plan.entry.bytes)],
          "mark": candidate.mark?.isUnchanged ?? ["$exists": false],
          "moved": ["$exists": false],
        ],
        "u": FencedUpdate.pipeline(
          while: [fence.isBeforeLimit, fence.isDue(plan.due, lead: context.maximumLead)],
          set: [
            ("mark", Expression.literal(.string(plan.watermark.bytes))),
            ("of", Expression.literal(.value(candidate.id))),
            ("redo", Expression.literal(candidate.redo.value)),
          ], append: item.value),
      ]
    }
    let reply = try client.write(
      [
        "update": .text(place.marks), "ordered": false, "writeConcern": WriteConcern.majority,
        "updates": .array(statements),
      ], on: place.database)
    var fired = candidates
    if reply.changed != Int64(candidates.count) || !reply.errors.isEmpty {
      fired = try sort(candidates, errors: reply.errors, &result, client)
    }
    context.room.added(fired.count)
    return fired
  }

  /// Finds out which of the candidates were fired.
  private func sort(
    _ candidates: [Candidate], errors: [(index: Int, error: MongoError)], _ result: inout Result,
    _ client: MongoClient
  ) throws(MongoError) -> [Candidate] {
    let marks = try StoredMark.find(candidates.map(\.plan.entry), in: place, by: client)
    return candidates.enumerated().compactMap { place, candidate in
      let plan = candidate.plan
      if marks[plan.entry]?.bytes == plan.watermark.bytes { return candidate }
      if let error = errors.first(where: { $0.index == place })?.error, error.code != .writeConflict {
        result.outcomes[candidate.index] =
          error.isOfOurRights ? .forbidden(error.message) : .refused("MongoDB refused to fire: \(error.message)")
      } else {
        result.outcomes[candidate.index] =
          marks[plan.entry]?.bytes.flatMap { Self.outcome(plan, marked: $0) } ?? .changed
      }
      return nil
    }
  }

  /// Brings the documents up to their fires. A document whose bookkeeping another client has written meanwhile stays as
  /// it is: it counts as a stale copy, and the next fire writes it.
  private func writeDocuments(
    _ fired: [Candidate], _ result: inout Result, _ client: MongoClient
  ) throws(MongoError) {
    for candidate in fired { context.ownWrites.expect(candidate.redo.new, in: candidate.id) }
    let reply: MongoWriteReply
    do throws(MongoError) {
      reply = try client.write(
        [
          "update": .text(place.schedules), "ordered": false, "writeConcern": WriteConcern.one,
          "updates": .array(fired.map { $0.redo.statement }),
        ], on: place.database)
    } catch {
      guard !error.endsSession else { throw error }
      for candidate in fired { context.ownWrites.cancel(candidate.redo.new, in: candidate.id) }
      result.lacks.append("last_run_at and total_run_count are not written back: \(error.message)")
      return
    }
    let errors = Dictionary(reply.errors.map { ($0.index, $0.error) }) { first, _ in first }
    for (index, candidate) in fired.enumerated() {
      guard let error = errors[index] else {
        context.written.insert(candidate.redo.id)
        continue
      }
      context.ownWrites.cancel(candidate.redo.new, in: candidate.id)
      result.lacks.append(
        "last_run_at and total_run_count of \(candidate.plan.entry) are not written back: \(error.message)")
    }
  }
}

extension FireRecord {
  /// - Parameter now: the server's time; milliseconds.
  init(_ plan: FirePlan, at now: Int64) {
    let firedAt = ServerTime.time(now) ?? plan.due
    let late = firedAt.microseconds &- plan.due.microseconds
    self.init(
      name: plan.entry, taskID: plan.taskID.description, due: plan.due,
      // The server tells whole milliseconds: within the one of the due time nothing is early.
      late: (-999..<0).contains(late) ? 0 : late,
      reason: plan.reason.rawValue)
  }
}
