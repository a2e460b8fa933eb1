/// What one attempt to read or to write has done. No attempt waits.
package enum ByteTransfer {
  /// So many bytes were read or written, at least one.
  case moved(Int)
  /// Nothing was done: it can go on when the socket has input.
  case wantsRead
  /// Nothing was done: it can go on when the socket has room.
  case wantsWrite
  /// The other side has ended the stream.
  case ended
  /// The system's error, by its number; 0: the stream ended without one.
  case broken(Int32)
  /// TLS has ended the stream.
  case insecure(TLSFailure)
}
