import BeatLoop
import Synchronization

/// The threads that are closed and still wait for a server, or for its name.
///
/// A frozen server holds each of a session's threads, three at most, for the timeout of an answer, and a dead name server for half a
/// minute, while sessions are tried again more often. So no new thread begins while too many of them wait: the session
/// that wanted it fails, and is tried again like any other.
final class MongoClosedThreads: Sendable {
  static let ofProcess = MongoClosedThreads(most: 16)

  private let most: Int
  private let count = Atomic<Int>(0)

  init(most: Int) { self.most = most }

  func begin() { count.add(1, ordering: .relaxed) }
  func end() { count.subtract(1, ordering: .relaxed) }

  func requirePlace() throws(EventLoopError) {
    let waiting = count.load(ordering: .relaxed)
    guard waiting < most else {
      throw EventLoopError("\(waiting) threads of closed sessions still wait for a MongoDB server or for its name")
    }
  }
}
