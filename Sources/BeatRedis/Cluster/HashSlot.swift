/// One of the 16384 hash slots in which a cluster keeps its keys. (redis.io, cluster specification)
package struct HashSlot: Hashable, Sendable, CustomStringConvertible {
  package let number: Int

  /// The slot of a key: that of its hash tag if it has one.
  package init(of key: [UInt8]) {
    number = Int(Self.crc16(ClusterFit.tag(of: key) ?? key) & 0x3FFF)
  }

  /// CRC-16/XMODEM: the polynomial 0x1021, from 0.
  private static func crc16(_ bytes: [UInt8]) -> UInt16 {
    bytes.reduce(0) { crc, byte in
      (0..<8).reduce(crc ^ UInt16(byte) << 8) { crc, _ in crc & 0x8000 == 0 ? crc << 1 : crc << 1 ^ 0x1021 }
    }
  }

  package var description: String { "hash slot \(number)" }
}
