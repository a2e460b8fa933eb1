internal import CHiredisAsync
import Glibc

/// What happens to a hiredis context before it is a connection, and when it ends.
enum RedisContext {
  /// Begins to connect, without waiting. The address is numeric or a path, so that hiredis looks nothing up. The result
  /// belongs to the caller until it is attached to a loop; nil when memory is short.
  static func begin(to address: RedisEndpoint) -> UnsafeMutablePointer<redisAsyncContext>? {
    var options = redisOptions()
    options.options = REDIS_OPT_PREFER_IP_UNSPEC
    switch address {
    case .tcp(let host, let port):
      return host.withCString {
        options.type = Int32(bitPattern: REDIS_CONN_TCP.rawValue)
        options.endpoint.tcp.ip = $0
        options.endpoint.tcp.port = Int32(port)
        return redisAsyncConnectWithOptions(&options)
      }
    case .unix(let path):
      return path.withCString {
        options.type = Int32(bitPattern: REDIS_CONN_UNIX.rawValue)
        options.endpoint.unix_socket = $0
        return redisAsyncConnectWithOptions(&options)
      }
    }
  }

  /// Sets what hiredis leaves open: child processes do not inherit the socket, and dead peers are discovered.
  /// `patience` is in microseconds.
  static func prepare(
    _ context: UnsafeMutablePointer<redisAsyncContext>, for endpoint: RedisEndpoint, patience: Int64
  ) {
    _ = fcntl(context.pointee.c.fd, F_SETFD, FD_CLOEXEC)
    guard case .tcp = endpoint else { return }
    // A peer that vanishes silently is noticed within half a minute while the connection is idle, and soon after the
    // reply deadline while sent bytes are unacknowledged. These options are set here and not by hiredis, which ends the
    // connection if the system refuses one; without them the reply deadline still works.
    set(context, SOL_SOCKET, SO_KEEPALIVE, 1)
    set(context, Int32(IPPROTO_TCP), TCP_KEEPIDLE, 15)
    set(context, Int32(IPPROTO_TCP), TCP_KEEPINTVL, 5)
    set(context, Int32(IPPROTO_TCP), TCP_KEEPCNT, 3)
    set(context, Int32(IPPROTO_TCP), TCP_USER_TIMEOUT, Int32(clamping: patience / 1000))
  }

  /// The error that a full server wrote before it hung up. Such a server hangs up at once; the first write then fails
  /// before hiredis has read anything, and the error is still in the socket, which is open.
  static func lastWords(_ context: UnsafeMutablePointer<redisAsyncContext>) -> RedisServerError? {
    withUnsafeTemporaryAllocation(byteCount: 512, alignment: 1) { buffer in
      let count = recv(context.pointee.c.fd, buffer.baseAddress, buffer.count, Int32(MSG_DONTWAIT))
      guard count > 1, buffer[0] == UInt8(ascii: "-") else { return nil }
      let line = buffer[1..<count].prefix { $0 != UInt8(ascii: "\r") && $0 != UInt8(ascii: "\n") }
      return RedisServerError(String(decoding: line, as: UTF8.self).streamSafe)
    }
  }

  private static func set(
    _ context: UnsafeMutablePointer<redisAsyncContext>, _ level: Int32, _ name: Int32, _ value: Int32
  ) {
    var value = value
    _ = setsockopt(context.pointee.c.fd, level, name, &value, socklen_t(MemoryLayout<Int32>.size))
  }
}
