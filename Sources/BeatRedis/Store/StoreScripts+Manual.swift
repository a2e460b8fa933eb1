import BeatCore

extension StoreScripts {
  private static let manualScript = LuaScript(embedded: PackageResources.manual_lua)

  /// How a request is answered.
  enum ManualStep {
    case lists(FirePlan, [[UInt8]])
    case outbox(FirePlan)
    case refusal(String)

    var plan: FirePlan? {
      switch self {
      case .lists(let plan, _), .outbox(let plan): plan
      case .refusal: nil
      }
    }
  }

  func fireManually(
    _ step: ManualStep, _ request: ManualRequest, id: String, token: String,
    then completion: @escaping (ManualOutcome) -> Void
  ) {
    var (lists, message, database, longest, refusal): ([[UInt8]], [UInt8], Int, Int, String) =
      ([], [], storeDatabase, 0, "")
    switch step {
    case .lists(let plan, let those):
      lists = those
      message = plan.message
      database = brokerDatabase
    case .outbox(let plan):
      lists = [keys.outbox]
      message = OutboxItem(plan).bytes
      longest = outboxLimit
    case .refusal(let reason): refusal = reason
    }
    Self.manualScript.evaluate(
      on: connection,
      keys: [keys.lease, keys.manual, keys.answer(to: id), keys.document(request.entry), keys.history] + lists,
      arguments: [
        Array(token.utf8), Array(id.utf8), Array(Watermark.digits(request.deadline).utf8), Array(refusal.utf8),
        step.plan?.oldDocument ?? [], message, request.entry.bytes, Array((step.plan?.taskID.description ?? "").utf8),
        Array("\(storeDatabase)".utf8), Array("\(database)".utf8), Array("\(longest)".utf8),
        Array("\(historyLength)".utf8),
      ]
    ) { [connection, kombu] reply in
      func refusal(_ error: RedisServerError) -> Refusal {
        Refusal(error, advice: BrokerKeys(lists: lists, kombu: kombu).advice(for: error, user: connection.user))
      }
      if let error = reply?.error { return completion(.failed(refusal(error))) }
      let parts = reply?.array ?? []
      switch parts.first?.text {
      case "OK":
        if let text = parts.last?.text, !text.isEmpty { connection.refused(RedisServerError(text)) }
        completion(.fired)
      case "REFUSED": completion(.refused(RedisServerError(parts.last?.text ?? "").words.printable))
      case "FAILED":
        // The script has caught the error, so the connection has not seen it.
        let error = RedisServerError(parts.last?.text ?? "")
        connection.refused(error)
        completion(.failed(refusal(error)))
      case "CHANGED": completion(.changed)
      default: completion(.over)
      }
    }
  }
}
