import BeatCore
import BeatLoop
import Glibc

/// Runs by hand: what a daemon is asked for, and what it answers.
extension StoreClient {
  package enum ManualAnswer: Hashable, Sendable {
    /// The message is on its queue, or in the outbox; the task's id.
    case fired(String)
    /// The daemon could not do it; why.
    case refused(String)
    /// Nobody took the request, and it has been taken back.
    case unanswered
    /// A daemon took it after its deadline, and sent nothing.
    case late
  }

  /// Asks the daemon that fires for one run now, and waits for its answer. Whatever happens to this process, nothing is
  /// sent after the time has passed, and nothing twice.
  ///
  /// - Parameter isInterrupted: nobody wants it any more: the request is taken back, or the answer is told if a daemon
  ///   has it already. Whoever sets it stops the loop.
  package func fire(
    _ name: EntryName, within microseconds: Int64, isInterrupted: () -> Bool = { false }
  ) throws(StoreError) -> ManualAnswer {
    let request = (0..<2).map { _ in String(UInt64.random(in: .min ... .max), radix: 16) }.joined()
    let wish = ManualRequest(name, deadline: try time().advanced(by: microseconds))
    let start = BootClock.now()
    _ = try command(RedisCommand("HSET", keys.manual, request, wish.bytes))
    while !isInterrupted() {
      let left = microseconds - BootClock.now().microseconds(since: start)
      guard left > 0 else { break }
      // In pieces that are shorter than the patience for any answer.
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
          // Who may ask and not listen: nothing is to happen that nobody is told of.
          if error.kind != .unreachable { _ = try? command(RedisCommand("HDEL", keys.manual, request)) }
          throw error
        }
      } else {
        return try withdraw(request, awaiting: answer)
      }
    }
    if try command(RedisCommand("HDEL", keys.manual, request)).integer == 1 { return .unanswered }
    // Taken in the last moment: the answer came in the same step, unless it was too late for one.
    let answer = PendingAnswer(to: request, within: 1_000_000, by: self)
    while !answer.isThere { loop.run() }
    return try answer.text().map { ManualAnswer($0) } ?? .late
  }

  /// A daemon that may not take a request away has left it there, where another one may have found it.
  private func settle(_ request: String, refused answer: ManualAnswer) throws(StoreError) -> ManualAnswer {
    if try command(RedisCommand("HDEL", keys.manual, request)).integer == 1 { return answer }
    let other = PendingAnswer(to: request, within: 20_000, by: self)
    while !other.isThere { loop.run() }
    return try other.text().map { ManualAnswer($0) } ?? answer
  }

  /// Takes a request back while an answer to it may be on its way here: so on a connection of its own.
  private func withdraw(_ request: String, awaiting answer: PendingAnswer) throws(StoreError) -> ManualAnswer {
    let other = try StoreClient(url, keys: keys, on: loop)
    defer { other.close() }
    if try other.command(RedisCommand("HDEL", keys.manual, request)).integer == 1 { return .unanswered }
    // The answer came in the same step.
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

  /// What a run of a schedule would send at this moment, without sending it. The task's id, and who sends, are those of
  /// no run.
  package func preview(
    _ document: StoredDocument, context: DocumentContext, defaultQueue: String
  ) throws(StoreError) -> Result<FirePlan, Scheduler.ManualProblem> {
    let request = String(UInt64.random(in: .min ... .max), radix: 16)
    let now = try time()
    var scheduler = Scheduler(
      SchedulerConfiguration(
        keys: keys, documents: context, defaultQueue: defaultQueue, origin: "gen\(getpid())@\(HostName.current)",
        replyTo: TaskID(key: Array(request.utf8), due: now, sha1: SHA1.digest).description, sha1: SHA1.digest,
        envelope: KombuRedisEnvelope()))
    _ = scheduler.receive(.loadStarted, now: now)
    _ = scheduler.receive(.read(document.name, document.read), now: now)
    do throws(Scheduler.ManualProblem) {
      return .success(try scheduler.plan(of: document.name, for: request, now: now))
    } catch { return .failure(error) }
  }
}

extension StoreClient.ManualAnswer {
  fileprivate init(_ text: String) {
    let words = text.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
    let tail = words.count > 1 ? String(words[1]) : ""
    self = words[0] == "fired" ? .fired(tail) : .refused(RedisServerError(tail).words.printable)
  }
}

/// An answer that is waited for on a client's connection, also while its loop serves others.
private final class PendingAnswer {
  private(set) var isThere = false
  private var reply: RedisReply?
  private let client: StoreClient

  init(to request: String, within microseconds: Int64, by client: StoreClient) {
    self.client = client
    // Zero would be for ever.
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

  /// nil: there was none in time.
  func text() throws(StoreError) -> String? {
    guard let reply else { throw client.lost }
    if let error = reply.error { throw client.failure(error) }
    return reply.array?.last?.text
  }
}
