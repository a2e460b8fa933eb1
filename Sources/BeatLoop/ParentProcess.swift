internal import CHiredisAsync
import Glibc

/// The process that has started this one.
package enum ParentProcess {
  /// Lets the system send `signal` to this process when its parent ends, however it ends.
  ///
  /// - Parameter pid: the parent, which the caller knows by other means.
  /// - Returns: false: the parent has ended already, so no signal will come.
  package static func sendAtItsEnd(_ signal: Int32, of pid: Int32) throws(EventLoopError) -> Bool {
    guard CHiredisAsync_signalAtEndOfParent(signal) == 0 else { throw EventLoopError("prctl", errno: errno) }
    // A parent that ended before the call has left this process to another one.
    return getppid() == pid
  }
}
