import Glibc
import Testing

@testable import BeatCore

/// One to three daemons use one store, and each is ready to fire. They meet edits, stale copies, lost answers, requests
/// that are carried out after their connection died, restarts, stalls, and what else a `World` has. Each message is
/// judged as it reaches the queue, and everything is checked in peace.
///
/// `REACTIVEBEAT_SIMULATION_STEPS` sets the number of steps of all seeds of a world together,
/// `REACTIVEBEAT_SIMULATION_SEEDS` the number of seeds, and `REACTIVEBEAT_SIMULATION_SEED` the first of them.
/// `REACTIVEBEAT_SIMULATION_WORLD` selects the worlds whose names contain it. `REACTIVEBEAT_SIMULATION_TRACE` names a
/// file for what happened before a violation was found.
@Suite("Simulation: each occurrence reaches the queue exactly once, whatever happens")
struct SimulationTests {
  private static func setting(_ name: String, default value: Int) -> Int {
    guard let text = getenv("REACTIVEBEAT_SIMULATION_\(name)") else { return value }
    return Int(String(cString: text)) ?? value
  }

  private static let seeds = max(1, setting("SEEDS", default: 4))
  private static let firstSeed = setting("SEED", default: 1)
  private static let steps = max(1, setting("STEPS", default: 40_000) / seeds)
  private static let traceFile = getenv("REACTIVEBEAT_SIMULATION_TRACE").map { String(cString: $0) }
  /// Steps from one peace to the next.
  private static let war = 5_000

  /// The worlds whose names contain `REACTIVEBEAT_SIMULATION_WORLD`; all but the open ones without it.
  private static var worlds: [World] {
    guard let text = getenv("REACTIVEBEAT_SIMULATION_WORLD").map({ String(cString: $0) }) else { return World.all }
    return (World.all + World.open).filter { $0.description.contains(text) }
  }

  @Test(arguments: worlds, firstSeed..<(firstSeed + seeds)) func eachOccurrenceExactlyOnce(world: World, seed: Int) {
    var simulation = Simulation(world, seed: UInt64(seed), isTraced: Self.traceFile != nil)
    for step in 1...Self.steps {
      simulation.step()
      if step.isMultiple(of: Self.war) || step == Self.steps { simulation.settle() }
      guard simulation.problems.isEmpty else {
        let problems = simulation.problems.joined(separator: "\n")
        Self.save(simulation.trace, problems)
        Issue.record("\(world), seed \(seed), step \(step):\n\(problems)\n\(simulation.counts)")
        return
      }
    }
    print("\(world), seed \(seed): \(simulation.daemons.count) daemons, \(simulation.messages) messages")
    #expect(simulation.messages > Self.steps / 100, "a simulation in which nothing happens shows nothing")
  }

  private static func save(_ trace: [String], _ problems: String) {
    guard let path = traceFile, let file = fopen(path, "a") else { return }
    fputs(trace.joined(separator: "\n") + "\n\(problems)\n\n", file)
    fclose(file)
  }
}
