/// A call that the driver made out of order. The machine has not changed.
package enum IllegalMove: Error, Hashable, Sendable {
  /// A heartbeat is due, but no session is open: the driver did not cancel the timer.
  case beatOutsideSession
  /// The lease is asked for before the answer to the last question has come.
  case askedTwice
  /// An answer about the lease has come, but this session did not ask.
  case answerUnasked
}
