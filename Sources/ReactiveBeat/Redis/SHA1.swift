internal import CHiredisAsync

/// SHA-1, as Redis uses it to name scripts and RFC 9562 to derive UUIDs: an identity, not a protection.
public enum SHA1 {
  /// The digest of `bytes`, 20 bytes.
  public static func digest(_ bytes: [UInt8]) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: 20) { digest, count in
      // Named in full: the C function has this type's name.
      count = CHiredisAsync.SHA1(bytes, bytes.count, digest.baseAddress) == nil ? 0 : 20
    }
  }
}
