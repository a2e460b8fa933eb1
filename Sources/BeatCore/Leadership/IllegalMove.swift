/// What cannot happen next, by the order in which a driver has to call. The machine has done nothing.
package enum IllegalMove: Error, Hashable, Sendable {
  /// A heartbeat is due, and no session has begun, or the last one has ended: the timer runs on.
  case beatOutsideSession
  /// The lease is asked for while an earlier question is not answered.
  case askedTwice
  /// The lease is answered for, and was not asked for in this session.
  case answerUnasked
}
