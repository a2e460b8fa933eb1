import BeatCore

/// Keeps beside the documents what became of each edit, so that whoever made it can see it without the daemon's log.
/// Written by the daemon that fires.
package final class Receipts {
  package typealias Account = (standing: Scheduler.Standing, document: DocumentIdentity?, base: UnixTime?)

  /// Fields of one command.
  private static let pageSize = 200
  private static let scanCount = 500

  /// nil: the document is gone.
  private var pending: [EntryName: EditReceipt?] = [:]
  /// What was said of documents of which nothing else has been said yet.
  private var warnings: [EntryName: [String]] = [:]

  package init() {}

  /// What documents that were there at the first start are in order needs no receipt: nobody waits for it.
  ///
  /// - Parameter document: which one the report is about; nil: it was not read.
  package func take(_ report: Scheduler.Report, of document: DocumentIdentity?, at time: UnixTime) {
    switch report {
    case .loaded(_, _, initially: true): break
    case .loaded(let name, let next, _), .changed(let name, let next):
      var receipt = Self.receipt(.accepted(next: next), of: document, heard: time)
      receipt.warnings = warnings.removeValue(forKey: name) ?? []
      pending[name] = receipt
    case .rejected(let name, let reason):
      pending[name] = Self.receipt(.rejected(reason: reason), of: document, heard: time)
    case .warned(let name, let text):
      if case .some(.some(var receipt)) = pending[name] {
        receipt.warnings.append(text)
        pending[name] = receipt
      } else {
        warnings[name, default: []].append(text)
      }
    case .removed(let name):
      pending.updateValue(nil, forKey: name)
    case .fired, .skipped, .held, .finished, .markDamaged, .ready: break
    }
  }

  private static func receipt(
    _ standing: Scheduler.Standing, of document: DocumentIdentity?, heard: UnixTime
  ) -> EditReceipt {
    var receipt = EditReceipt(standing, heard: heard)
    receipt.sha1 = document?.sha1
    return receipt
  }

  /// Of a daemon that does not fire: the other one writes them.
  package func drop() {
    pending.removeAll()
    warnings.removeAll()
  }

  /// Sends what has been taken. What is refused is left: receipts are for people, and schedules go on without them.
  package func write(to scripts: StoreScripts) {
    warnings.removeAll()
    guard !pending.isEmpty else { return }
    let key = scripts.keys.receipts
    var gone: [[UInt8]] = []
    var kept: [[UInt8]] = []
    func send(_ name: String, _ arguments: inout [[UInt8]]) {
      guard !arguments.isEmpty else { return }
      var command = RedisCommand(name, key)
      command.append(contentsOf: arguments)
      scripts.connection.send(command) { _ in }
      arguments.removeAll(keepingCapacity: true)
    }
    for (name, receipt) in pending {
      if let receipt {
        kept += [name.bytes, receipt.bytes]
        if kept.count >= 2 * Self.pageSize { send("HSET", &kept) }
      } else {
        gone.append(name.bytes)
        if gone.count >= Self.pageSize { send("HDEL", &gone) }
      }
    }
    send("HSET", &kept)
    send("HDEL", &gone)
    pending.removeAll(keepingCapacity: pending.count <= 1024)
  }

  /// Mends what is stored after a time in which nobody wrote: a daemon that begins to fire may have heard more than the
  /// one before it.
  ///
  /// - Parameters:
  ///   - account: of a document, as it is known now.
  ///   - rejected: all that are set aside.
  ///   - finish: called once; not if the connection dies or the server refuses.
  package func reconcile(
    _ scripts: StoreScripts, at time: UnixTime, rejected: [EntryName],
    account: @escaping (EntryName) -> Account?, then finish: @escaping () -> Void
  ) {
    scan(scripts, ScanWalk(), at: time, missing: Names(rejected), account: account, then: finish)
  }

  /// Whether what is stored answers the document that stands there. Bytes that a fire has changed are no other edit, and
  /// of an earlier version's receipt nobody knows which bytes it answers.
  private static func tells(_ receipt: [UInt8], _ account: Account) -> Bool {
    guard EditReceipt.tells(receipt, account.standing) else { return false }
    guard let document = account.document, let stored = EditReceipt(receipt), let sha1 = stored.sha1 else {
      return true
    }
    if sha1 == document.sha1 { return true }
    // It has come to the run that the receipt told of: a fire has written the document since.
    guard case .accepted(let next?) = stored.standing, let base = account.base else { return false }
    return base >= next
  }

  /// One set for all pages: a copy for each would be work of its size each time.
  private final class Names {
    var all: Set<EntryName>

    init(_ names: [EntryName]) { all = Set(names) }
  }

  private func scan(
    _ scripts: StoreScripts, _ walk: ScanWalk, at time: UnixTime, missing: Names,
    account: @escaping (EntryName) -> Account?, then finish: @escaping () -> Void
  ) {
    let own = OwnHash(key: scripts.keys.receipts)
    own.scan(scripts, from: walk.cursor, count: Self.scanCount) { [weak self] page, _ in
      var walk = walk
      guard let self, let page, walk.advance(to: page.cursor ?? "0") else { return }
      for (bytes, receipt) in page.fields {
        let name = EntryName(bytes)
        missing.all.remove(name)
        guard pending[name] == nil else { continue }
        guard let account = account(name) else {
          pending.updateValue(nil, forKey: name)
          continue
        }
        if !Self.tells(receipt, account) {
          pending[name] = Self.receipt(account.standing, of: account.document, heard: time)
        }
      }
      if walk.isAtEnd {
        for name in missing.all where pending[name] == nil {
          if let account = account(name) {
            pending[name] = Self.receipt(account.standing, of: account.document, heard: time)
          }
        }
        write(to: scripts)
        return finish()
      }
      write(to: scripts)
      scan(scripts, walk, at: time, missing: missing, account: account, then: finish)
    }
  }
}
