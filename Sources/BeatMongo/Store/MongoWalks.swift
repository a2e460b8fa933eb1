import BeatCore
import BeatLoop

/// The walks through whole collections, on a thread and a connection of their own.
///
/// A server may take seconds for the first batch of a large collection. Fires and heartbeats do not wait behind it, and
/// a server that is busy with it is not taken for a dead one. The connection is there only while a walk is under way: a
/// firewall in between might forget an idle one.
final class MongoWalks {
  enum Walk: Hashable {
    case names, marks
  }

  private let makeCalls: () throws(EventLoopError) -> MongoCalls
  private let loop: EventLoop
  private var calls: MongoCalls?
  private var underWay: Set<Walk> = []
  private var isOver = false

  /// - Parameter makeCalls: makes a thread and a connection.
  init(on loop: EventLoop, makeCalls: @escaping () throws(EventLoopError) -> MongoCalls) {
    self.loop = loop
    self.makeCalls = makeCalls
  }

  /// Makes one step of a walk. All steps of a walk go over one connection, to which its cursor belongs.
  ///
  /// - Parameters:
  ///   - position: where the walk continues; nil: it begins.
  ///   - work: makes the step.
  ///   - next: where a step says that the walk continues; nil: it was the last one.
  func step<Step: Sendable>(
    of walk: Walk, from position: ScanPosition?,
    _ work: @escaping @Sendable (MongoClient) throws(MongoError) -> Step, next: @escaping (Step) -> String?,
    then completion: @escaping Completion<(step: Step, next: ScanPosition?)>
  ) {
    guard !isOver else { return loop.soon { completion(.failure(.lost)) } }
    let calls: MongoCalls
    do throws(EventLoopError) { calls = try opened() } catch {
      return loop.soon { completion(.failure(Refusal(.other, "\(error)"))) }
    }
    underWay.insert(walk)
    calls.perform(work) { [self] result in
      let step = result.flatMap { step in
        Result { () throws(Refusal) in (step: step, next: try ScanPosition.next(position, next(step))) }
      }
      if (try? step.get().next) == nil { end(walk) }
      completion(step)
    }
  }

  private func opened() throws(EventLoopError) -> MongoCalls {
    if let calls { return calls }
    let made = try makeCalls()
    calls = made
    return made
  }

  private func end(_ walk: Walk) {
    underWay.remove(walk)
    guard underWay.isEmpty, let calls else { return }
    self.calls = nil
    // No call is open: a walk that ends has been answered, and there is no other.
    calls.end()()
  }

  /// Ends all walks.
  ///
  /// - Returns: what answers every open step with `Refusal.lost`; to be called in a later turn.
  func end() -> () -> Void {
    isOver = true
    underWay = []
    defer { calls = nil }
    return calls?.end() ?? {}
  }
}
