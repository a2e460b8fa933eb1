import BeatCore
import Glibc

/// Runs by hand: what a daemon is asked for, and what it answers.
extension StoreClient {
  public enum ManualAnswer: Hashable, Sendable {
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
  public func fire(_ name: EntryName, within microseconds: Int64) throws(StoreError) -> ManualAnswer {
    let request = (0..<2).map { _ in String(UInt64.random(in: .min ... .max), radix: 16) }.joined()
    let wish = ManualRequest(name, deadline: try time().advanced(by: microseconds))
    let start = BootClock.now()
    _ = try command(RedisCommand("HSET", keys.manual, request, wish.bytes))
    while true {
      let left = microseconds - BootClock.now().microseconds(since: start)
      guard left > 0 else { break }
      // In pieces that are shorter than the patience for any answer.
      if let answer = try answer(to: request, within: min(left, 4_000_000)) { return answer }
    }
    if try command(RedisCommand("HDEL", keys.manual, request)).integer == 1 { return .unanswered }
    // Taken in the last moment: the answer came in the same step, unless it was too late for one.
    return try answer(to: request, within: 1_000_000) ?? .late
  }

  private func answer(to request: String, within microseconds: Int64) throws(StoreError) -> ManualAnswer? {
    // Zero would be for ever.
    let milliseconds = max(1, microseconds / 1000)
    let rest = "\(milliseconds % 1000)"
    let timeout = "\(milliseconds / 1000).\(String(repeating: "0", count: 3 - rest.count))\(rest)"
    let reply = try command(RedisCommand("BLPOP", keys.answer(to: request), timeout))
    guard let text = reply.array?.last?.text else { return nil }
    let words = text.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
    let tail = words.count > 1 ? String(words[1]) : ""
    return words[0] == "fired" ? .fired(tail) : .refused(tail)
  }

  /// What a run of a schedule would send at this moment, without sending it. The task's id, and who sends, are those of
  /// no run.
  public func preview(
    _ document: StoredDocument, context: DocumentContext, defaultQueue: String
  ) throws(StoreError) -> Result<FirePlan, Scheduler.ManualProblem> {
    var name = [CChar](repeating: 0, count: 256)
    gethostname(&name, name.count - 1)
    let host = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let request = String(UInt64.random(in: .min ... .max), radix: 16)
    let now = try time()
    var scheduler = Scheduler(
      SchedulerConfiguration(
        keys: keys, documents: context, defaultQueue: defaultQueue, origin: "gen\(getpid())@\(host)",
        replyTo: TaskID(key: Array(request.utf8), due: now, sha1: SHA1.digest).description, sha1: SHA1.digest))
    _ = scheduler.receive(.loadStarted, now: now)
    _ = scheduler.receive(.read(document.name, document.read), now: now)
    do throws(Scheduler.ManualProblem) {
      return .success(try scheduler.plan(of: document.name, for: request, now: now))
    } catch { return .failure(error) }
  }

  /// The lists that a message goes to by its route; `broker` is asked where that depends on an exchange's bindings.
  public func lists(of plan: FirePlan, on broker: RedisURL) throws(StoreError) -> [[UInt8]] {
    switch plan.route {
    case .queue(let queue): return [RedisKeys.queue(Array(queue.utf8), priority: plan.priority)]
    case .exchange(let exchange, let key):
      let members =
        try StoreClient(broker, keys: keys).command(RedisCommand("SMEMBERS", RedisKeys.bindings(exchange))).array ?? []
      let bindings = members.compactMap { $0.bytes.flatMap { QueueBinding(member: $0) } }
      var queues: [[UInt8]] = []
      for binding in bindings where binding.matches(Array(key.utf8)) && !queues.contains(binding.queue) {
        queues.append(binding.queue)
      }
      return queues.map { RedisKeys.queue($0, priority: plan.priority) }
    }
  }
}
