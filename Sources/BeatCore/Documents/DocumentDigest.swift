/// What is kept of a document in its place, to know it again: its SHA-1 and its length.
public struct DocumentDigest: Hashable, Sendable {
  /// 20 bytes.
  public let sha1: [UInt8]
  private let length: Int

  public init(_ bytes: [UInt8], _ sha1: TaskID.SHA1) {
    self.sha1 = sha1(bytes)
    length = bytes.count
  }

  func isOf(_ bytes: [UInt8], _ sha1: TaskID.SHA1) -> Bool { bytes.count == length && sha1(bytes) == self.sha1 }
}

/// Which document is meant: by its bytes where they are kept, and else by their digest.
public enum DocumentIdentity: Sendable {
  case bytes([UInt8])
  case digest(DocumentDigest)
}
