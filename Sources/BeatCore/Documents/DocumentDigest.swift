/// The SHA-1 and the length of a document: kept in the document's place, to recognise it.
package struct DocumentDigest: Hashable, Sendable {
  /// 20 bytes.
  package let sha1: [UInt8]
  private let length: Int

  package init(_ bytes: [UInt8], _ sha1: TaskID.SHA1) {
    self.sha1 = sha1(bytes)
    length = bytes.count
  }

  func isOf(_ bytes: [UInt8], _ sha1: TaskID.SHA1) -> Bool { bytes.count == length && sha1(bytes) == self.sha1 }
}

/// Which document is meant: by its bytes where they are kept, and else by their digest.
package enum DocumentIdentity: Sendable {
  case bytes([UInt8])
  case digest(DocumentDigest)

  /// The digest as receipts name it: 40 lower-case hex digits.
  package func hex(_ sha1: TaskID.SHA1) -> String {
    let bytes =
      switch self {
      case .bytes(let bytes): sha1(bytes)
      case .digest(let digest): digest.sha1
      }
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }
}
