import BeatLoop
import Synchronization

/// The threads of this process that are closed and still wait for a server, or for its name.
///
/// A frozen server holds each of a session's two threads for the timeout of an answer, and a dead name server for half a
/// minute, while sessions are tried again more often. So no new thread begins while too many of them wait; the session
/// that wanted it fails, and is tried again like any other.
enum MongoClosedThreads {
  static let most = 16

  private static let count = Atomic<Int>(0)

  static func begin() { count.add(1, ordering: .relaxed) }
  static func end() { count.subtract(1, ordering: .relaxed) }

  static func requirePlace() throws(EventLoopError) {
    let waiting = count.load(ordering: .relaxed)
    guard waiting < most else {
      throw EventLoopError("\(waiting) threads of closed sessions still wait for a MongoDB server or for its name")
    }
  }
}
