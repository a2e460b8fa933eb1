import BeatCore
import BeatLoop
import Glibc

/// Runs by hand: the request to a daemon, and its answer.
extension RedisStoreClient {
  /// Asks the leading daemon for one run now, and waits for its answer. Whatever happens to this process, nothing is
  /// sent after the deadline, and nothing twice.
  ///
  ///     request stored -> answered: fired or refused
  ///                    -> the time has passed, or interrupted -> withdrawn: unanswered
  ///                                                           -> a daemon has it already: its answer, or late
  ///
  /// - Parameter isInterrupted: the user no longer wants the run. The request is withdrawn, or the answer is returned
  ///   if a daemon has taken it already. The code that sets it must stop the loop.
  package func fire(
    _ name: EntryName, within microseconds: Int64, isInterrupted: () -> Bool
  ) throws(StoreError) -> ManualAnswer {
    let request = (0..<2).map { _ in String(UInt64.random(in: .min ... .max), radix: 16) }.joined()
    let wish = ManualRequest(name, deadline: try time().advanced(by: microseconds))
    let start = BootClock.now()
    _ = try command(RedisCommand("HSET", keys.manual, request, wish.bytes))
    while !isInterrupted() {
      let left = microseconds - BootClock.now().microseconds(since: start)
      guard left > 0 else { break }
      // Waits in pieces that are shorter than the patience for any answer.
      let answer = PendingAnswer(to: request, within: min(left, 4_000_000), by: self)
      while !answer.isThere, !isInterrupted() { loop.run() }
      if answer.isThere {
        do {
          if let text = try answer.text() {
            let told = ManualAnswer(text)
            guard case .refused = told else { return told }
            return try settle(request, refused: told)
          }
        } catch {
          // This user may write requests but not read answers, so the request is removed: no run may happen unreported.
          if error.kind != .unreachable { _ = try? command(RedisCommand("HDEL", keys.manual, request)) }
          throw error
        }
      } else {
        return try withdraw(request, awaiting: answer)
      }
    }
    if try command(RedisCommand("HDEL", keys.manual, request)).integer == 1 { return .unanswered }
    // A daemon took the request at the last moment and stored its answer in the same step, unless it was too late for
    // one.
    let answer = PendingAnswer(to: request, within: 1_000_000, by: self)
    while !answer.isThere { loop.run() }
    return try answer.text().map { ManualAnswer($0) } ?? .late
  }

  /// Removes a refused request. A daemon without the right to remove it has left it in the store, where another daemon
  /// may have taken it since.
  private func settle(_ request: String, refused answer: ManualAnswer) throws(StoreError) -> ManualAnswer {
    if try command(RedisCommand("HDEL", keys.manual, request)).integer == 1 { return answer }
    let other = PendingAnswer(to: request, within: 20_000, by: self)
    while !other.isThere { loop.run() }
    return try other.text().map { ManualAnswer($0) } ?? answer
  }

  /// Withdraws a request on a connection of its own, since this one waits for an answer.
  private func withdraw(_ request: String, awaiting answer: PendingAnswer) throws(StoreError) -> ManualAnswer {
    let other = try RedisStoreClient(url, keys: keys, at: home, on: loop)
    defer { other.close() }
    if try other.command(RedisCommand("HDEL", keys.manual, request)).integer == 1 { return .unanswered }
    // A daemon has taken the request and stored its answer in the same step.
    var isLate = false
    let timer = LoopTimer(on: loop) { [loop] in
      isLate = true
      loop.stop()
    }
    timer.schedule(after: 1_000_000)
    while !answer.isThere, !isLate { loop.run() }
    timer.cancel()
    guard answer.isThere else { return .late }
    return try answer.text().map { ManualAnswer($0) } ?? .late
  }

  /// The message that a run of a schedule would send now, without sending it. Its task id and its sender belong to no
  /// run.
  package func preview(
    _ document: StoredDocument, context: DocumentContext, defaultQueue: String
  ) throws(StoreError) -> Result<FirePlan, Scheduler.ManualProblem> {
    RunPreview(keys.taskIDs, envelope: envelope, sha1: SHA1.digest).plan(
      of: document, context: context, defaultQueue: defaultQueue, origin: "gen\(getpid())@\(HostName.current)",
      now: try time())
  }
}

extension ManualAnswer {
  fileprivate init(_ text: String) {
    let words = text.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
    let tail = words.count > 1 ? String(words[1]) : ""
    self = words[0] == "fired" ? .fired(tail) : .refused(RedisServerError(tail).words.printable)
  }
}

/// An answer for which a client's connection waits, also while its loop serves others.
private final class PendingAnswer {
  private(set) var isThere = false
  private var reply: RedisReply?
  private let client: RedisStoreClient

  init(to request: String, within microseconds: Int64, by client: RedisStoreClient) {
    self.client = client
    // BLPOP takes zero for no timeout.
    let milliseconds = max(1, microseconds / 1000)
    let rest = "\(milliseconds % 1000)"
    let timeout = "\(milliseconds / 1000).\(String(repeating: "0", count: 3 - rest.count))\(rest)"
    let loop = client.loop
    client.connection.send(RedisCommand("BLPOP", client.keys.answer(to: request), timeout)) { [self] reply in
      self.reply = reply
      isThere = true
      if loop.isRunning { loop.stop() }
    }
  }

  /// The answer's text; nil: none came in time.
  func text() throws(StoreError) -> String? {
    guard let reply else { throw client.lost }
    if let error = reply.error { throw client.failure(error) }
    return reply.array?.last?.text
  }
}
