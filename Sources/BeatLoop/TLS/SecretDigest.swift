internal import CHiredisAsync

/// Digests of secrets, by OpenSSL, which is loaded with the first call.
package enum SecretDigest {
  /// SHA-256 (FIPS 180-4) of the bytes, 32 bytes. It is enough for secrets that a machine has drawn at random; a password
  /// that a person has chosen would need a slow function with a salt.
  ///
  /// Throws: OpenSSL is not installed.
  package static func sha256(_ bytes: [UInt8]) throws(TLSFailure) -> [UInt8] {
    let functions = try TLSLibrary.functions()
    var digest = [UInt8](repeating: 0, count: 32)
    _ = functions.SHA256(bytes, bytes.count, &digest)
    return digest
  }

  /// Compares in a time that does not depend on where the difference is.
  ///
  /// Throws: OpenSSL is not installed.
  package static func areEqual(_ left: [UInt8], _ right: [UInt8]) throws(TLSFailure) -> Bool {
    guard left.count == right.count else { return false }
    return try TLSLibrary.functions().CRYPTO_memcmp(left, right, left.count) == 0
  }
}
