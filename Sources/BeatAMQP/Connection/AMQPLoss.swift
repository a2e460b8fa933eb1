/// Why a connection ended, or never was.
struct AMQPLoss: Error {
  /// What a person reads: what happened, where, and what to do.
  let reason: String
  /// The server's own reason; nil: it gave none.
  var refusal: AMQPRefusal?
  /// The connection was open before.
  var wasOpen = false
}
