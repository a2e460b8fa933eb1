import BeatCore
import BeatLoop
import Glibc
import Synchronization

/// Reads the rules of zones from the system's zoneinfo files, and each file once.
package final class ZoneDirectory: Sendable {
  private let path: String
  private let cache = Mutex<[String: ZoneRules]>([:])
  private static let longestFile = 1 << 20

  /// - Parameter path: the folder; nil: `TZDIR` of the environment, or `/usr/share/zoneinfo`.
  package init(path: String? = nil) {
    self.path = path ?? getenv("TZDIR").map { String(cString: $0) } ?? "/usr/share/zoneinfo"
  }

  /// The rules of an IANA zone, such as `Europe/Berlin`. `UTC` needs no file.
  ///
  /// If the system has no file of this name, the zone's other names are tried (`ZoneLinks`).
  ///
  /// Throws: no zone has this name, this machine has no zoneinfo, or the file is damaged.
  package func zone(_ name: String) throws(ZoneError) -> ZoneRules {
    if let known = cache.withLock({ $0[name] }) { return known }
    if name == "UTC" { return .utc }
    let isName =
      !name.isEmpty && name.utf8.count <= 64 && name.utf8.first != UInt8(ascii: "/")
      && !name.contains("//") && name.utf8.allSatisfy(Self.isNameByte)
    guard isName, let bytes = try contents(ofZone: name) else {
      throw ZoneError(
        zone: name,
        message: access(path, R_OK) == 0
          ? "no such zone; expected a name such as \"Europe/Berlin\" (names of former times are in the package "
            + "\(ZoneLinks.package), where a system has it)"
          : "there is no zone data in \(path): install the package tzdata")
    }
    let rules = try ZoneRules(name: name, tzif: bytes)
    cache.withLock { cache in
      if cache.count >= Limit.zones.most { cache.removeAll() }
      cache[name] = rules
    }
    return rules
  }

  /// Throws: the system has no descriptor left, so it is unknown whether the zone exists.
  private func contents(ofZone name: String) throws(ZoneError) -> [UInt8]? {
    for candidate in [name] + ZoneLinks.otherNames(of: name) {
      if let bytes = Self.contents(of: "\(path)/\(candidate)") { return bytes }
      if [EMFILE, ENFILE].contains(errno) { throw ZoneError(zone: name, message: EventLoopError.reason(errno)) }
    }
    return nil
  }

  /// The number of zones in memory.
  var count: Int { cache.withLock { $0.count } }

  /// Forgets all zones, so that each file is read again when its zone is needed.
  package func forget() { cache.withLock { $0.removeAll() } }

  private static func isNameByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
    case UInt8(ascii: "0")...UInt8(ascii: "9"): true
    default: "/_+-".utf8.contains(byte)
    }
  }

  /// nil if there is no regular file of this name, or if it is too long for a zone. `errno` says why a file could not
  /// be opened.
  private static func contents(of path: String) -> [UInt8]? {
    let file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY)
    guard file >= 0 else { return nil }
    errno = 0
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size <= longestFile else {
      return nil
    }
    var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
    var filled = 0
    while filled < bytes.count {
      let count = bytes.withUnsafeMutableBytes { buffer in
        read(file, buffer.baseAddress?.advanced(by: filled), buffer.count - filled)
      }
      guard count > 0 else { return nil }
      filled += count
    }
    return bytes
  }
}
