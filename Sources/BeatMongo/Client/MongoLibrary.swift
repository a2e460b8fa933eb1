internal import CMongo
import Glibc
import Synchronization

/// libmongoc's functions, which are loaded with the first client: a daemon whose schedules are in Redis never has the
/// library in its memory.
enum MongoLibrary {
  /// The files to try, in this order: the ABI of 1.x, with which this was tested (1.23.1 of Debian 12, 1.30.4 of Debian
  /// 13), and that of 2.x, which has the same functions by its release notes and was not tried.
  static let files = ["libmongoc-1.0.so.0", "libmongoc2.so.2"]

  private static let loaded = Mutex<CMongo_Functions?>(nil)

  /// The functions, loaded at the first call, from any thread. A failure is not remembered: an operator may install the
  /// library later.
  static func functions() throws(MongoError) -> CMongo_Functions {
    let result: Result<CMongo_Functions, MongoError> = loaded.withLock { loaded in
      if let loaded { return .success(loaded) }
      // The library would keep its counters in a file of shared memory, which a killed process leaves behind. If it finds
      // one of its process' number, it says so on standard error as it is loaded.
      setenv("MONGOC_DISABLE_SHM", "1", 0)
      let result = load(files)
      if case .success(let table) = result {
        // The library would write its warnings to standard error.
        table.mongoc_log_set_handler(nil, nil)
        table.mongoc_init()
        loaded = table
      }
      return result
    }
    return try result.get()
  }

  static func load(_ files: [String]) -> Result<CMongo_Functions, MongoError> {
    var reasons: [String] = []
    for file in files {
      var table = CMongo_Functions()
      guard let reason = CMongo_load(file, &table) else { return .success(table) }
      reasons.append(String(cString: reason))
    }
    return .failure(
      MongoError(
        .client,
        "a MongoDB store needs MongoDB's C library, which cannot be loaded: install it (Debian 12: apt install "
          + "libmongoc-1.0-0; Debian 13 and Ubuntu 24.04: apt install libmongoc-1.0-0t64). The loader says: "
          + reasons.joined(separator: "; ")))
  }
}
