internal import CHiredisAsync
import Glibc

/// The file of a Unix socket that is listened on. Its owner and group may connect.
///
/// A file that a process has left behind when it was killed is replaced. One on which somebody listens is not, and
/// neither is a file of another kind.
final class SocketFile {
  let descriptor: Int32
  private let path: String
  /// What tells this file from another one that was made at the same path later.
  private var identity: (device: dev_t, number: ino_t)?

  init(at path: String) throws(EventLoopError) {
    self.path = path
    let kind = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
    descriptor = socket(AF_UNIX, kind, 0)
    guard descriptor >= 0 else { throw EventLoopError("unix:\(path)", errno: errno) }
    do throws(EventLoopError) {
      try Self.removeLeftOver(path)
      guard Self.call(bind, descriptor, path) == 0 else { throw StreamListener.refusal("unix:\(path)", errno) }
    } catch {
      Glibc.close(descriptor)
      throw error
    }
    // Until `listen`, nobody can connect, whatever the file's mode.
    chmod(path, 0o660)
    var status = stat()
    if lstat(path, &status) == 0 { identity = (status.st_dev, status.st_ino) }
  }

  /// Removes the file, unless another one has taken its place.
  func remove() {
    var status = stat()
    guard let identity, lstat(path, &status) == 0, (status.st_dev, status.st_ino) == identity else { return }
    unlink(path)
    self.identity = nil
  }

  private static func removeLeftOver(_ path: String) throws(EventLoopError) {
    var status = stat()
    guard lstat(path, &status) == 0 else { return }
    guard status.st_mode & S_IFMT == S_IFSOCK else {
      throw EventLoopError("unix:\(path) cannot be listened on: there is a file of another kind. Choose another path")
    }
    let probe = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
    guard probe >= 0 else { throw EventLoopError("unix:\(path)", errno: errno) }
    defer { Glibc.close(probe) }
    guard call(connect, probe, path) != 0, errno == ECONNREFUSED else {
      throw StreamListener.refusal("unix:\(path)", EADDRINUSE)
    }
    unlink(path)
  }

  private static func call(
    _ function: (Int32, UnsafePointer<sockaddr>, socklen_t) -> Int32, _ descriptor: Int32, _ path: String
  ) -> Int32 {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8)
    guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
      errno = ENAMETOOLONG
      return -1
    }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    return withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        function(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
  }
}
