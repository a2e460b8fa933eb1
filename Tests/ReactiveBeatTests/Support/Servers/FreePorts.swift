import Glibc

/// TCP ports of this machine that are free at this moment, each another one. The kernel gives none of them to a
/// connection, so a server that is slow to start, or is started again, finds them free.
func freePorts(_ count: Int) throws -> [UInt16] {
  var held: [Int32] = []
  defer { for descriptor in held { close(descriptor) } }
  var ports: [UInt16] = []
  for _ in 0..<1000 {
    // The kernel's own choice begins at 32768.
    let port = UInt16.random(in: 20000..<32768)
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    held.append(descriptor)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let isFree = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
    if isFree { ports.append(port) }
    if ports.count == count { return ports }
  }
  throw Failure("no \(count) free ports", 0)
}
