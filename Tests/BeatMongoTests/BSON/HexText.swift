/// Bytes as the oracles' files have them.
enum HexText {
  static func bytes(_ text: some StringProtocol) -> [UInt8] {
    let digits = text.utf8.map { UInt8($0 < 0x3A ? $0 - 0x30 : $0 - 0x57) }
    return stride(from: 0, to: digits.count - 1, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
  }
}
