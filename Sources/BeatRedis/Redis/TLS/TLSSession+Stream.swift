internal import CHiredisAsync
import Glibc

/// How hiredis reads and writes its socket after the handshake.
extension TLSSession {
  /// Lets hiredis read and write through this session. The context holds the session until the context is freed.
  func carry(_ context: inout redisContext) {
    guard let plain = context.funcs else { return }
    functions.initialize(to: plain.pointee)
    functions.pointee.read = { TLSSession.of($0)?.read(into: $0, $1, $2) ?? -1 }
    functions.pointee.write = { TLSSession.of($0)?.write(from: $0) ?? -1 }
    functions.pointee.free_privctx = { session in
      if let session { Unmanaged<TLSSession>.fromOpaque(session).release() }
    }
    context.privctx = Unmanaged.passRetained(self).toOpaque()
    context.funcs = UnsafePointer(functions)
  }

  /// Whether decrypted bytes wait to be read: they arrived together with others, so that no event of the socket reports
  /// them.
  var hasPending: Bool { tls.SSL_pending(ssl) > 0 }

  /// The number of bytes read; 0: none at present; negative: the connection ended. The reason is then in the context,
  /// and for an error of TLS in `failure` as well.
  private func read(
    into context: UnsafeMutablePointer<redisContext>?, _ buffer: UnsafeMutablePointer<CChar>?, _ capacity: Int
  ) -> Int {
    readWaitsToWrite = false
    tls.ERR_clear_error()
    errno = 0
    let count = tls.SSL_read(ssl, buffer, Int32(clamping: capacity))
    if count > 0 { return Int(count) }
    let systemError = errno
    switch tls.SSL_get_error(ssl, count) {
    case SSL_ERROR_WANT_READ:
      return 0
    case SSL_ERROR_WANT_WRITE:
      readWaitsToWrite = true
      return 0
    case SSL_ERROR_ZERO_RETURN:
      return ended(context, REDIS_ERR_EOF, "Server closed the connection")
    case SSL_ERROR_SYSCALL:
      return ended(context, REDIS_ERR_IO, String(cString: strerror(systemError)))
    default:
      failure = .queued(tls)
      return ended(context, REDIS_ERR_IO, "TLS")
    }
  }

  /// The number of bytes written of hiredis' output; 0: none at present; negative: the connection ended.
  private func write(from context: UnsafeMutablePointer<redisContext>?) -> Int {
    writeWaitsToRead = false
    guard let output = context?.pointee.obuf else { return 0 }
    let length = sdslen(output)
    var written = 0
    // One call writes one record, of 16 KB at most.
    while written < length {
      tls.ERR_clear_error()
      errno = 0
      let count = tls.SSL_write(ssl, output + written, Int32(clamping: length - written))
      if count > 0 {
        written += Int(count)
        continue
      }
      let systemError = errno
      switch tls.SSL_get_error(ssl, count) {
      case SSL_ERROR_WANT_WRITE:
        return written
      case SSL_ERROR_WANT_READ:
        writeWaitsToRead = true
        return written
      case SSL_ERROR_SYSCALL:
        readLastWords()
        return ended(context, REDIS_ERR_IO, String(cString: strerror(systemError)))
      default:
        failure = .queued(tls)
        return ended(context, REDIS_ERR_IO, "TLS")
      }
    }
    return written
  }

  /// Reads the alert behind a failed write. A server that does not accept this client's certificate says so after the
  /// client's handshake is done, and hangs up: the first write may then fail before that alert has been read.
  private func readLastWords() {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 512) { buffer in
      tls.ERR_clear_error()
      let count = tls.SSL_read(ssl, buffer.baseAddress, Int32(buffer.count))
      if count <= 0, tls.SSL_get_error(ssl, count) == SSL_ERROR_SSL { failure = .queued(tls) }
    }
  }

  private func ended(_ context: UnsafeMutablePointer<redisContext>?, _ code: Int32, _ reason: String) -> Int {
    context?.pointee.err = code
    if let context {
      withUnsafeMutableBytes(of: &context.pointee.errstr) { text in
        text.initializeMemory(as: UInt8.self, repeating: 0)
        text.copyBytes(from: reason.utf8.prefix(text.count - 1))
      }
    }
    return -1
  }

  private static func of(_ context: UnsafeMutablePointer<redisContext>?) -> TLSSession? {
    context?.pointee.privctx.map { Unmanaged<TLSSession>.fromOpaque($0).takeUnretainedValue() }
  }
}
