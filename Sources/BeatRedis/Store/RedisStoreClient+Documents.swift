import BeatCore

/// The documents and their names.
extension RedisStoreClient {
  /// The names of all schedules, in the order of their bytes.
  package func names() throws(StoreError) -> [EntryName] {
    var names: [EntryName] = []
    var walk = ScanWalk()
    repeat { try add(&names, walking: &walk, count: 5000) } while !walk.isAtEnd
    return EntryName.inOrder(names)
  }

  /// One step of a scan of all names.
  func add(_ names: inout [EntryName], walking walk: inout ScanWalk, count: Int) throws(StoreError) {
    let cursor = walk.cursor
    var found: NameScan.Page?
    var refusal: RedisServerError?
    // The script comes first, since a plain SCAN that finds a name too long for a reply gets no second attempt. A user
    // who may not run scripts uses the plain SCAN.
    for isGuarded in [true, false] where isGuarded || refusal?.isOfOurRights == true {
      loop.wait { done in
        NameScan(isGuarded: isGuarded).step(scripts, from: cursor, count: count) { page, error in
          (found, refusal) = (page, error)
          done()
        }
      }
    }
    if let refusal { throw failure(refusal) }
    guard let found, walk.advance(to: found.cursor) else {
      throw connection.isClosed ? lost : misfit("SCAN")
    }
    names += found.names
    if cursor == "0" { ignoredNames = nil }
    ignoredNames = ignoredNames ?? found.ignored.words(terms)
  }

  /// Reads documents with their watermarks, each pair of one moment, and passes them on as they arrive, in the order of
  /// the names. Of a hundred thousand only some are in memory at once.
  package func eachDocument(_ names: [EntryName], _ body: @escaping (StoredDocument) -> Void) throws(StoreError) {
    var refusal: RedisServerError?
    var delivered = 0
    loop.wait { done in
      let scripts = scripts
      func read(from start: Int) {
        guard start < names.count else { return done() }
        let page = Array(names[start..<min(start + 500, names.count)])
        scripts.read(page) { reads, error in
          guard let reads else {
            refusal = error
            return done()
          }
          delivered += reads.count
          // Redis reads the next page while this one is handled; a page without room for all its documents is continued
          // there.
          let isLast = delivered == names.count
          if !isLast { read(from: delivered) }
          for (name, read) in zip(page, reads) { body(StoredDocument(name: name, read: read)) }
          if isLast { done() }
        }
      }
      read(from: 0)
    }
    if let refusal { throw failure(refusal) }
    guard delivered == names.count else { throw lost }
  }
}
