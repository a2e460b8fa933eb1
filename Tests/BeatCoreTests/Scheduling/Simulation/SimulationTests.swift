import Glibc
import Testing

@testable import BeatCore

/// One to three daemons on one store, without a lease, each ready to fire: edits, stale copies, lost answers, requests
/// that are carried out after their connection died, restarts, stalls. When peace has come, the queue is counted.
///
/// `REACTIVEBEAT_SIMULATION_STEPS` sets the number of steps of all seeds together, `REACTIVEBEAT_SIMULATION_SEED` the
/// first seed.
@Suite("Simulation: each occurrence reaches the queue exactly once, whatever happens")
struct SimulationTests {
  private static func setting(_ name: String, default value: Int) -> Int {
    guard let text = getenv(name) else { return value }
    return Int(String(cString: text)) ?? value
  }

  private static let seeds = 8
  private static let firstSeed = setting("REACTIVEBEAT_SIMULATION_SEED", default: 1)
  private static let steps = setting("REACTIVEBEAT_SIMULATION_STEPS", default: 200_000) / seeds

  @Test(arguments: firstSeed..<(firstSeed + seeds)) func eachOccurrenceExactlyOnce(seed: Int) {
    var simulation = Simulation(seed: UInt64(seed))
    for step in 1...max(1, Self.steps) {
      simulation.step()
      if step.isMultiple(of: 5_000) || step == Self.steps {
        simulation.settle()
        let problems = simulation.problems()
        guard problems.isEmpty else {
          Issue.record("seed \(seed), step \(step):\n\(problems.joined(separator: "\n"))\n\(simulation.counts)")
          return
        }
      }
    }
    let pushes = simulation.store.pushes.values.reduce(0) { $0 + $1.count }
    print("seed \(seed): \(simulation.daemons.count) daemons, \(pushes) messages, \(simulation.counts)")
    #expect(pushes > Self.steps / 50, "a simulation in which nothing happens shows nothing")
  }
}

extension Simulation {
  /// What is wrong now that everything is quiet; empty if nothing is.
  func problems() -> [String] {
    names.flatMap { name in
      (problemsOfQueue(name) + problemsOfEdits(name) + (kinds[name] == .edited ? problemsOfSeries(name) : [])
        + problemsOfMemory(name)).map { "\(name): \($0)" }
    }
  }

  /// None twice, none early, none out of order: for every schedule.
  private func problemsOfQueue(_ name: EntryName) -> [String] {
    var problems: [String] = []
    let pushes = store.pushes[name] ?? []
    for (earlier, later) in zip(pushes, pushes.dropFirst()) where later.due <= earlier.due {
      problems.append("due \(later.due.iso8601) was sent after \(earlier.due.iso8601)")
    }
    for push in pushes where push.at.advanced(by: ModelStore.maximumLead) < push.due {
      problems.append("due \(push.due.iso8601) was sent at \(push.at.iso8601) already")
    }
    for push in pushes {
      let id = TaskID(key: Array("tasks:meta:\(name)".utf8), due: push.due, sha1: SHA1.digest)
      if push.taskID != id { problems.append("due \(push.due.iso8601) was sent as \(push.taskID)") }
    }
    return problems
  }

  /// What somebody wrote last is what stands there, but for the bookkeeping.
  private func problemsOfEdits(_ name: EntryName) -> [String] {
    func content(_ bytes: [UInt8]?) -> [String]? {
      guard let layout = bytes.flatMap({ try? DocumentLayout($0) }) else { return nil }
      return layout.members.filter { !["last_run_at", "total_run_count"].contains($0.key) }.map { member in
        "\(member.key): \(String(Array(layout.bytes[member.value.range])))"
      }
    }
    let (wanted, found) = (content(written[name]), content(store.documents[name]))
    return wanted == found ? [] : ["\(wanted ?? []) was written, and \(found ?? []) stands there"]
  }

  /// Every `interval` one, from the first to now, and as many as the document says.
  private func problemsOfSeries(_ name: EntryName) -> [String] {
    var problems: [String] = []
    let pushes = store.pushes[name] ?? []
    guard let interval = intervals[name], let last = pushes.last else {
      return ["never sent"]
    }
    for (earlier, later) in zip(pushes, pushes.dropFirst()) where later.due != earlier.due.advanced(by: interval) {
      problems.append("\(earlier.due.iso8601) is followed by \(later.due.iso8601)")
    }
    if last.due.advanced(by: interval + 200_000) < now { problems.append("stopped at \(last.due.iso8601)") }
    guard let document = store.documents[name].flatMap({ try? ScheduleDocument($0, context: Sample.context) }) else {
      return problems + ["the document cannot be read"]
    }
    if document.totalRunCount != Int64(pushes.count) {
      problems.append("total_run_count is \(document.totalRunCount) after \(pushes.count) messages")
    }
    if document.lastRunAt != last.due { problems.append("last_run_at is not \(last.due.iso8601)") }
    return problems
  }

  /// Every daemon knows what stands in the store, and counts from the same time.
  private func problemsOfMemory(_ name: EntryName) -> [String] {
    daemons.indices.compactMap { index -> String? in
      let scheduler = daemons[index].scheduler
      guard let entry = scheduler.entries.handle(of: name).flatMap({ scheduler.entries[$0] }) else {
        return "daemon \(index) does not know it"
      }
      guard entry.document == store.documents[name] else { return "daemon \(index) knows another document" }
      guard let last = store.pushes[name]?.last, entry.base >= last.due else { return "daemon \(index) is behind" }
      guard entry.nextDue.map({ $0 > now.advanced(by: -200_000) }) ?? false else {
        return "daemon \(index) does not go on"
      }
      return scheduler.heap.invariantsHold ? nil : "daemon \(index) has a broken heap"
    }
  }
}
