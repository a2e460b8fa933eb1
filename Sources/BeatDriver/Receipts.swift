import BeatCore

/// Stores a receipt of what became of each edit beside the documents, so that its author can see it without the
/// daemon's log. Only the leading daemon writes receipts.
final class Receipts {
  typealias Account = (verdict: Scheduler.Verdict, document: DocumentIdentity?, base: UnixTime?)

  private let sha1: TaskID.SHA1
  /// Receipts that are not written yet; nil: the document is gone, and so must its receipt be.
  private var pending: [EntryName: EditReceipt?] = [:]
  /// Warnings about documents whose verdict has not been reported yet.
  private var warnings: [EntryName: [String]] = [:]

  init(sha1: @escaping TaskID.SHA1) { self.sha1 = sha1 }

  /// Takes a report into the receipts. A valid document that was there at the start gets none, since it answers no
  /// edit.
  ///
  /// - Parameter document: the document that the report is about; nil: it was not read.
  func take(_ report: Scheduler.Report, of document: DocumentIdentity?, at time: UnixTime) {
    switch report {
    case .loaded(_, _, initially: true): break
    case .loaded(let name, let next, _), .changed(let name, let next):
      var receipt = made(.accepted(next: next), of: document, heard: time)
      receipt.warnings = warnings.removeValue(forKey: name) ?? []
      pending[name] = receipt
    case .rejected(let name, let reason):
      pending[name] = made(.rejected(reason: reason), of: document, heard: time)
    case .warned(let name, let text):
      if case .some(.some(var receipt)) = pending[name] {
        receipt.warnings.append(text)
        pending[name] = receipt
      } else {
        warnings[name, default: []].append(text)
      }
    case .removed(let name):
      pending.updateValue(nil, forKey: name)
    case .fired, .skipped, .deferred, .finished, .watermarkDamaged, .ready: break
    }
  }

  private func made(
    _ verdict: Scheduler.Verdict, of document: DocumentIdentity?, heard: UnixTime
  ) -> EditReceipt {
    var receipt = EditReceipt(verdict, heard: heard)
    receipt.sha1 = document?.hex(sha1)
    return receipt
  }

  /// Drops the receipts that are not written: this daemon does not lead, and the one that does writes them.
  func drop() {
    pending.removeAll()
    warnings.removeAll()
  }

  /// Writes the receipts taken so far. A refused one is not written again: receipts are for users, and schedules run
  /// without them.
  func write(to store: any ReceiptStore) {
    warnings.removeAll()
    guard !pending.isEmpty else { return }
    store.write(pending)
    pending.removeAll(keepingCapacity: pending.count <= 1024)
  }

  /// Corrects the stored receipts when this daemon begins to lead, since it may know more edits than the leader before
  /// it.
  ///
  /// - Parameters:
  ///   - account: what the daemon knows of a document now; nil: there is no such document.
  ///   - rejected: the names of all rejected documents.
  ///   - finish: called once; not called if the session ends or the server refuses.
  func reconcile(
    _ store: any ReceiptStore, at time: UnixTime, rejected: [EntryName],
    account: @escaping (EntryName) -> Account?, then finish: @escaping () -> Void
  ) {
    walk(store, from: nil, at: time, missing: Names(rejected), account: account, then: finish)
  }

  /// Whether a stored receipt answers the present document. A document that only a fire has changed has no other edit
  /// to answer. A receipt of an earlier version does not say which bytes it answers, so it counts if its verdict is
  /// right.
  private func tells(_ receipt: [UInt8], _ account: Account) -> Bool {
    guard EditReceipt.tells(receipt, account.verdict) else { return false }
    guard let document = account.document, let stored = EditReceipt(receipt), let known = stored.sha1 else {
      return true
    }
    if known == document.hex(sha1) { return true }
    // The schedule has reached the run that the receipt announced, so a fire has written the document since.
    guard case .accepted(let next?) = stored.verdict, let base = account.base else { return false }
    return base >= next
  }

  /// One set that all pages share, since a copy for each page would cost time in proportion to its size.
  private final class Names {
    var all: Set<EntryName>

    init(_ names: [EntryName]) { all = Set(names) }
  }

  private func walk(
    _ store: any ReceiptStore, from position: ScanPosition?, at time: UnixTime, missing: Names,
    account: @escaping (EntryName) -> Account?, then finish: @escaping () -> Void
  ) {
    store.page(from: position) { [weak self] result in
      guard let self, case .success(let page) = result else { return }
      for (name, receipt) in page.receipts {
        missing.all.remove(name)
        guard pending[name] == nil else { continue }
        guard let account = account(name) else {
          pending.updateValue(nil, forKey: name)
          continue
        }
        if !tells(receipt, account) {
          pending[name] = made(account.verdict, of: account.document, heard: time)
        }
      }
      if let next = page.next {
        write(to: store)
        return walk(store, from: next, at: time, missing: missing, account: account, then: finish)
      }
      for name in missing.all where pending[name] == nil {
        if let account = account(name) {
          pending[name] = made(account.verdict, of: account.document, heard: time)
        }
      }
      write(to: store)
      finish()
    }
  }
}
