import BeatCore
import ReactiveBeat

/// Runs by hand, and changes of many schedules at once.
extension StoreAPI {
  /// How long a daemon has for its answer; microseconds.
  private static let runPatience: Int64 = 10_000_000
  /// How long a call for many schedules goes on.
  private static let bulkPatience: Int64 = 30_000_000
  private static let mostInBulk = 200

  func run(_ name: EntryName, _ call: APICall) throws -> APIAnswer {
    _ = try APIBody(call.body)
    _ = try existing(name)
    let (answer, id, message) = try run(name, within: Self.runPatience)
    if answer == "fired" {
      var trail = trail(call, .run)
      trail.add(name, note: id.map { "task \($0)" })
      trail.write(to: client)
    }
    return APIAnswer(
      .object([("answer", .text(answer)), ("task_id", .text(id)), ("message", .text(message?.printable))]))
  }

  private func run(
    _ name: EntryName, within microseconds: Int64
  ) throws -> (answer: String, taskID: String?, message: String?) {
    // No daemon reads such a name, so that none can be asked.
    if let problem = ScheduleSelection.problem(of: name) { return ("refused", nil, problem) }
    do {
      switch try client.fire(name, within: microseconds) {
      case .fired(let id): return ("fired", id, nil)
      case .refused(let reason): return ("refused", nil, reason)
      case .unanswered:
        return (
          "unanswered", nil,
          "no daemon answered within \(TimeText.span(microseconds)), and the request is taken back; "
            + (try FireCommand.whoFires(client))
        )
      case .late:
        return (
          "late", nil,
          "a daemon took the request after its time, and sent nothing; " + (try FireCommand.whoFires(client))
        )
      }
    } catch let error as StoreError where error.kind == .unreachable {
      throw StoreError(
        .unreachable, "\(error.message); whether \(name.brief()) has been run, its history will tell")
    }
  }

  func bulk(_ call: APICall) throws -> APIAnswer {
    let body = try APIBody(call.body)
    let action = try body.text("action")
    guard ["enable", "disable", "delete", "run"].contains(action) else {
      throw APIProblem(.badRequest, "action: \(Cut.argument(action)) is none of enable, disable, delete, run")
    }
    let ids = try body.texts("ids", atMost: Self.mostInBulk)
    var trail = trail(call, EditAction(rawValue: action))
    let start = MonotonicTime.now()
    var results: [JSONOutput] = []
    var loss: StoreError?
    for id in ids {
      var message: String?
      let left = Self.bulkPatience - MonotonicTime.now().microseconds(since: start)
      if let loss {
        message = loss.message
      } else if left <= 0 {
        message = "it was not tried: the others have taken \(TimeText.span(Self.bulkPatience))"
      } else if let name = ScheduleID.name(of: id) {
        do { message = try carryOut(action, on: name, within: left, &trail) } catch {
          if let error = error as? StoreError, error.kind == .unreachable { loss = error }
          message = APIProblem(error).message
        }
      } else {
        message = "\(Cut.argument(id)) is no schedule's id"
      }
      results.append(
        .object([("id", .text(id)), ("is_done", .boolean(message == nil)), ("message", .text(message?.printable))]))
    }
    if loss == nil { trail.write(to: client) }
    if action != "run", loss == nil { refresh(ids.compactMap { ScheduleID.name(of: $0) }) }
    return APIAnswer(.object([("results", .list(results))]))
  }

  /// Returns why it was not done; nil: it was.
  private func carryOut(
    _ action: String, on name: EntryName, within microseconds: Int64, _ trail: inout EditTrail
  ) throws -> String? {
    switch action {
    case "enable", "disable": trail.add(try enable(name, action == "enable"))
    case "delete": trail.add(name, before: try ScheduleRemoval.remove(existing(name), in: client))
    default:
      _ = try existing(name)
      let (answer, id, message) = try run(name, within: min(microseconds, Self.runPatience))
      if answer != "fired" { return message ?? answer }
      trail.add(name, note: id.map { "task \($0)" })
    }
    return nil
  }
}
