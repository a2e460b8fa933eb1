/// A connection that carries bytes both ways, as a protocol's client stands on it. `ByteStream` is the real one; a test
/// may have its own.
package protocol ByteTransport: AnyObject {
  /// Sends bytes in the order of the calls. It never blocks: they are handed to the system later in this turn of the
  /// loop, with everything else that is written in it. Before `.opened` they wait for it; after the end they are dropped.
  func write(_ bytes: [UInt8])

  /// The number of bytes that the system has not taken yet. A peer that stops reading makes it grow, so a writer bounds
  /// it.
  var unsent: Int { get }

  /// Ends the connection silently: no event comes any more, not even of bytes that are here already. What was written
  /// is sent as far as the system takes it at once.
  func close()
}

/// A connection that a server has accepted.
package protocol ServedTransport: ByteTransport {
  /// Ends what is sent: the other side gets the rest of what was written, and then the end. What it sends is still told,
  /// until its own end or `close()`. What is written after this is dropped.
  func finish()
}

/// What happens to a byte stream. No event comes inside a call of its owner.
package enum ByteStreamEvent {
  /// The connection is established and, where TLS is wanted, secured. It comes at most once, before any bytes.
  case opened
  /// The next bytes, at least one.
  case received([UInt8])
  /// The connection could not be opened, or has ended. It comes once, after all bytes that came before the end, and
  /// nothing comes after it.
  case closed(ByteStreamError)
}
