import BeatLoop
import Synchronization

/// Runs an actor's jobs on one thread of its own. A connection's loop belongs to the thread that made it, and its calls
/// block, which is forbidden on the threads of Swift's tasks.
final class ThreadExecutor: SerialExecutor {
  private let queue: JobQueue

  /// Throws: the system has no thread left.
  init() throws(BeatError) {
    let queue = try JobQueue()
    self.queue = queue
    do throws(EventLoopError) { try OwnThread.start { queue.run() } } catch { throw BeatError(error) }
  }

  deinit { queue.end() }

  func enqueue(_ job: consuming ExecutorJob) { queue.add(UnownedJob(job), asUnownedSerialExecutor()) }
}

/// The jobs that the executor's callers add and its thread takes out.
private final class JobQueue: Sendable {
  private struct State {
    var jobs: [(job: UnownedJob, executor: UnownedSerialExecutor)] = []
    var isOver = false
  }
  private let state = Mutex(State())
  /// How many wake-ups the thread has not answered.
  private let semaphore: Semaphore

  init() throws(BeatError) {
    do throws(EventLoopError) { semaphore = try Semaphore() } catch { throw BeatError(error) }
  }

  func add(_ job: UnownedJob, _ executor: UnownedSerialExecutor) {
    state.withLock { $0.jobs.append((job, executor)) }
    semaphore.signal()
  }

  func end() {
    state.withLock { $0.isOver = true }
    semaphore.signal()
  }

  func run() {
    while true {
      let (jobs, isOver) = state.withLock { state in
        defer { state.jobs = [] }
        return (state.jobs, state.isOver)
      }
      for (job, executor) in jobs { job.runSynchronously(on: executor) }
      if jobs.isEmpty {
        if isOver { return }
        semaphore.wait()
      }
    }
  }
}
