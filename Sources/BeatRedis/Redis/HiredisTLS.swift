import BeatLoop
internal import CHiredisAsync
import Glibc

/// TLS on one connection of hiredis: the handshake, then the functions by which hiredis reads and writes its socket.
final class HiredisTLS {
  /// How Redis' URLs and its configuration name what belongs to TLS.
  static let words = TLSWords(
    authorities: "ssl_ca_certs", certificate: "ssl_certfile", key: "ssl_keyfile",
    uncheckedHost: "ssl_check_hostname=false", plainScheme: "redis://", serverVersions: "redis.conf: tls-protocols")
  /// The words for a server that a sentinel has named: no URL holds its host.
  static let wordsOfSentinels = words.naming(
    "let the sentinels name it by a name of its certificate's subjectAltName (sentinel.conf: sentinel resolve-hostnames "
      + "yes and sentinel announce-hostnames yes; redis.conf: replica-announce-ip with that name)")

  enum Progress {
    case wantsRead
    case wantsWrite
    case done
    /// `failure` says why.
    case failed
  }

  private let session: TLSSession
  /// The functions that hiredis calls instead of read(2) and write(2). hiredis keeps this address.
  private let functions = UnsafeMutablePointer<redisContextFuncs>.allocate(capacity: 1)

  /// Why the handshake or the stream broke; nil: it has not.
  private(set) var failure: TLSFailure?
  /// Keys are being renewed: TLS must write before it can go on reading, or, in the next property, read before it can
  /// write.
  private(set) var readWaitsToWrite = false
  private(set) var writeWaitsToRead = false

  /// Reads the certificates and prepares a handshake with `host`, a name or an address.
  init(_ settings: TLSSettings, host: String, words: TLSWords = HiredisTLS.words) throws(TLSFailure) {
    session = try TLSSession(settings, host: host, words: words)
  }

  deinit { functions.deallocate() }

  /// Whether decrypted bytes wait to be read, which no event of the socket reports.
  var hasPending: Bool { session.hasPending }

  /// Takes the next step of the handshake on a connected, non-blocking socket.
  func handshake(_ descriptor: Int32) -> Progress {
    switch session.handshake(descriptor) {
    case .wantsRead: return .wantsRead
    case .wantsWrite: return .wantsWrite
    case .done: return .done
    case .failed(let reason):
      failure = reason
      return .failed
    }
  }

  /// Lets hiredis read and write through this session. The context holds it until the context is freed.
  func carry(_ context: inout redisContext) {
    guard let plain = context.funcs else { return }
    functions.initialize(to: plain.pointee)
    functions.pointee.read = { HiredisTLS.of($0)?.read(into: $0, $1, $2) ?? -1 }
    functions.pointee.write = { HiredisTLS.of($0)?.write(from: $0) ?? -1 }
    functions.pointee.free_privctx = { tls in
      if let tls { Unmanaged<HiredisTLS>.fromOpaque(tls).release() }
    }
    context.privctx = Unmanaged.passRetained(self).toOpaque()
    context.funcs = UnsafePointer(functions)
  }

  /// The number of bytes read; 0: none at present; negative: the connection ended. The reason is then in the context,
  /// and for an error of TLS in `failure` as well.
  private func read(
    into context: UnsafeMutablePointer<redisContext>?, _ buffer: UnsafeMutablePointer<CChar>?, _ capacity: Int
  ) -> Int {
    readWaitsToWrite = false
    switch session.read(into: UnsafeMutableRawBufferPointer(start: buffer, count: capacity)) {
    case .moved(let count):
      return count
    case .wantsRead:
      return 0
    case .wantsWrite:
      readWaitsToWrite = true
      return 0
    case .ended:
      return ended(context, REDIS_ERR_EOF, "Server closed the connection")
    case .broken(let systemError):
      return ended(context, REDIS_ERR_IO, String(cString: strerror(systemError)))
    case .insecure(let reason):
      failure = reason
      return ended(context, REDIS_ERR_IO, "TLS")
    }
  }

  /// The number of bytes written of hiredis' output; 0: none at present; negative: the connection ended.
  private func write(from context: UnsafeMutablePointer<redisContext>?) -> Int {
    writeWaitsToRead = false
    guard let output = context?.pointee.obuf else { return 0 }
    let length = sdslen(output)
    var written = 0
    while written < length {
      switch session.write(UnsafeRawBufferPointer(start: output + written, count: length - written)) {
      case .moved(let count):
        written += count
      case .wantsWrite:
        return written
      case .wantsRead:
        writeWaitsToRead = true
        return written
      case .broken(let systemError):
        readLastWords()
        return ended(context, REDIS_ERR_IO, String(cString: strerror(systemError)))
      case .ended:
        return ended(context, REDIS_ERR_IO, "TLS")
      case .insecure(let reason):
        failure = reason
        return ended(context, REDIS_ERR_IO, "TLS")
      }
    }
    return written
  }

  /// Reads the alert behind a failed write. A server that does not accept this client's certificate says so after the
  /// client's handshake is done, and hangs up: the first write may then fail before that alert has been read.
  private func readLastWords() {
    withUnsafeTemporaryAllocation(byteCount: 512, alignment: 1) { buffer in
      if case .insecure(let reason) = session.read(into: buffer) { failure = reason }
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

  private static func of(_ context: UnsafeMutablePointer<redisContext>?) -> HiredisTLS? {
    context?.pointee.privctx.map { Unmanaged<HiredisTLS>.fromOpaque($0).takeUnretainedValue() }
  }
}
