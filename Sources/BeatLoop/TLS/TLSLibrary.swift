internal import CHiredisAsync
import Synchronization

/// OpenSSL's functions, which are loaded with the first TLS connection: a daemon without TLS never has the library in
/// its memory.
enum TLSLibrary {
  private static let loaded = Mutex<CHiredisAsync_TLS?>(nil)

  /// The functions, loaded at the first call. A failure is not remembered: an operator may install the library later.
  static func functions() throws(TLSFailure) -> CHiredisAsync_TLS {
    let result: Result<CHiredisAsync_TLS, TLSFailure> = loaded.withLock { loaded in
      if let loaded { return .success(loaded) }
      var table = CHiredisAsync_TLS()
      if let reason = CHiredisAsync_loadTLS(&table) {
        let library = String(cString: CHiredisAsync_libssl())
        return .failure(
          TLSFailure("TLS needs \(library), which cannot be loaded (\(String(cString: reason))): install OpenSSL"))
      }
      loaded = table
      return .success(table)
    }
    return try result.get()
  }
}
