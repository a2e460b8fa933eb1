import BeatCore

/// Keeps beside the documents what became of each edit, so that whoever made it can see it without the daemon's log.
/// Written by the daemon that fires.
final class Receipts {
  typealias Account = (verdict: Scheduler.Verdict, document: DocumentIdentity?, base: UnixTime?)

  private let sha1: TaskID.SHA1
  /// nil: the document is gone.
  private var pending: [EntryName: EditReceipt?] = [:]
  /// What was said of documents of which nothing else has been said yet.
  private var warnings: [EntryName: [String]] = [:]

  init(sha1: @escaping TaskID.SHA1) { self.sha1 = sha1 }

  /// A document that was there at the start and is in order gets no receipt: it answers no edit.
  ///
  /// - Parameter document: which one the report is about; nil: it was not read.
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

  /// Forgets what was taken: this daemon does not fire, and the one that does writes the receipts.
  func drop() {
    pending.removeAll()
    warnings.removeAll()
  }

  /// Sends what has been taken. What is refused is left: receipts are for people, and schedules go on without them.
  func write(to store: any ReceiptStore) {
    warnings.removeAll()
    guard !pending.isEmpty else { return }
    store.write(pending)
    pending.removeAll(keepingCapacity: pending.count <= 1024)
  }

  /// Mends what is stored after a time in which nobody wrote: a daemon that begins to fire may have heard more than the
  /// one before it.
  ///
  /// - Parameters:
  ///   - account: of a document, as it is known now.
  ///   - rejected: all that are set aside.
  ///   - finish: called once; not if the session ends or the server refuses.
  func reconcile(
    _ store: any ReceiptStore, at time: UnixTime, rejected: [EntryName],
    account: @escaping (EntryName) -> Account?, then finish: @escaping () -> Void
  ) {
    walk(store, from: nil, at: time, missing: Names(rejected), account: account, then: finish)
  }

  /// Whether what is stored answers the document that stands there. Bytes that a fire has changed are no other edit,
  /// and of an earlier version's receipt nobody knows which bytes it answers.
  private func tells(_ receipt: [UInt8], _ account: Account) -> Bool {
    guard EditReceipt.tells(receipt, account.verdict) else { return false }
    guard let document = account.document, let stored = EditReceipt(receipt), let known = stored.sha1 else {
      return true
    }
    if known == document.hex(sha1) { return true }
    // It has come to the run that the receipt told of: a fire has written the document since.
    guard case .accepted(let next?) = stored.verdict, let base = account.base else { return false }
    return base >= next
  }

  /// One set for all pages: a copy for each would be work of its size each time.
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
