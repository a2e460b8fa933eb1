internal import CHiredisAsync

/// SHA-1, as Redis uses it to name scripts and RFC 9562 to derive UUIDs: an identity, not a protection.
public enum SHA1 {
  /// The digest of `bytes`, 20 bytes.
  public static func digest(_ bytes: [UInt8]) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: 20) { digest, count in
      // Step by step, since the one-call form loads OpenSSL's provider framework: 2 MB for nothing.
      var state = SHA_CTX()
      let isDone = SHA1_Init(&state) == 1 && SHA1_Update(&state, bytes, bytes.count) == 1
        && SHA1_Final(digest.baseAddress, &state) == 1
      count = isDone ? 20 : 0
    }
  }
}
