import Glibc

/// The system's counting semaphore, by which a thread sleeps until there is work for it.
package final class Semaphore: @unchecked Sendable {  // The system's functions are for all threads.
  private let place: UnsafeMutablePointer<sem_t>

  package init() throws(EventLoopError) {
    let place = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)
    guard sem_init(place, 0, 0) == 0 else {
      // `deinit` does not run: `self.place` has no value so far.
      let code = errno
      place.deallocate()
      throw EventLoopError("semaphore", errno: code)
    }
    self.place = place
  }

  deinit {
    sem_destroy(place)
    place.deallocate()
  }

  package func signal() { sem_post(place) }

  /// A signal may interrupt the wait, so the caller must look for its work again.
  package func wait() { sem_wait(place) }
}
