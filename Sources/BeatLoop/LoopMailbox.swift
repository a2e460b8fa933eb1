internal import CHiredisAsync
import Glibc
import Synchronization

/// Passes work from any thread to a loop's thread. It is the only part of a loop that other threads may use.
///
/// The loop does not own the mailbox. Its maker keeps it as long as work may come, and closes it on the loop's thread.
/// Work that is posted later is not carried out.
package final class LoopMailbox {
  /// The part that other threads hold.
  package final class Sender: Sendable {
    private struct State {
      var work: [@Sendable () -> Void] = []
      var isClosed = false
    }
    fileprivate let descriptor: Int32
    private let state = Mutex(State())

    fileprivate init() { descriptor = eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK)) }

    deinit { if descriptor >= 0 { Glibc.close(descriptor) } }

    /// Runs `work` on the loop's thread, in the order of the calls, unless the mailbox is closed before its turn.
    package func post(_ work: @escaping @Sendable () -> Void) {
      let isFirst = state.withLock { state in
        guard !state.isClosed else { return false }
        state.work.append(work)
        return state.work.count == 1
      }
      guard isFirst else { return }
      var one: UInt64 = 1
      write(descriptor, &one, MemoryLayout<UInt64>.size)
    }

    fileprivate func take() -> [@Sendable () -> Void] {
      var count: UInt64 = 0
      read(descriptor, &count, MemoryLayout<UInt64>.size)
      return state.withLock { state in
        defer { state.work = [] }
        return state.work
      }
    }

    fileprivate func close() {
      let rest = state.withLock { state in
        state.isClosed = true
        defer { state.work = [] }
        return state.work
      }
      // The posted work may own objects. They are released outside of the lock.
      _ = rest
    }
  }

  package let sender = Sender()
  private var source: InputSource?

  /// Makes a mailbox for a loop of the calling thread.
  package init(on loop: EventLoop) throws(EventLoopError) {
    guard sender.descriptor >= 0 else { throw EventLoopError("mailbox", errno: errno) }
    source = try InputSource(on: loop, descriptor: sender.descriptor) { [sender] in
      for work in sender.take() { work() }
    }
  }

  /// Takes no more work, and drops the work that has not had its turn.
  package func close() {
    source?.cancel()
    source = nil
    sender.close()
  }
}

/// Belongs to its loop's thread; its `sender` does not.
@available(*, unavailable)
extension LoopMailbox: Sendable {}
