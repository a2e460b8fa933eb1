import BeatCore

/// Keeps beside the documents what became of each edit, so that whoever made it can see it without the daemon's log.
/// Written by the daemon that fires.
final class Receipts {
  /// Fields of one command.
  private static let pageSize = 200
  private static let scanCount = 500

  /// nil: the document is gone.
  private var pending: [EntryName: EditReceipt?] = [:]

  /// What documents that were there at the first start are in order needs no receipt: nobody waits for it.
  func take(_ report: Scheduler.Report, at time: UnixTime) {
    switch report {
    case .loaded(_, _, initially: true): break
    case .loaded(let name, let next, _), .changed(let name, let next):
      pending[name] = EditReceipt(.accepted(next: next), heard: time)
    case .rejected(let name, let reason):
      pending[name] = EditReceipt(.rejected(reason: reason), heard: time)
    case .warned(let name, let text):
      if case .some(.some(var receipt)) = pending[name] {
        receipt.warnings.append(text)
        pending[name] = receipt
      }
    case .removed(let name):
      pending.updateValue(nil, forKey: name)
    case .fired, .skipped, .held, .finished, .markDamaged, .ready: break
    }
  }

  /// Of a daemon that does not fire: the other one writes them.
  func drop() { pending.removeAll() }

  /// Sends what has been taken. What is refused is left: receipts are for people, and schedules go on without them.
  func write(to scripts: StoreScripts) {
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
  ///   - standing: of a document, as it is known now.
  ///   - rejected: all that are set aside.
  ///   - finish: called once; not if the connection dies or the server refuses.
  func reconcile(
    _ scripts: StoreScripts, at time: UnixTime, rejected: [EntryName],
    standing: @escaping (EntryName) -> Scheduler.Standing?, then finish: @escaping () -> Void
  ) {
    scan(scripts, "0", at: time, missing: Set(rejected), standing: standing, then: finish)
  }

  private func scan(
    _ scripts: StoreScripts, _ cursor: String, at time: UnixTime, missing: Set<EntryName>,
    standing: @escaping (EntryName) -> Scheduler.Standing?, then finish: @escaping () -> Void
  ) {
    let command = RedisCommand("HSCAN", scripts.keys.receipts, cursor, "COUNT", Self.scanCount)
    scripts.connection.send(command) { [weak self] reply in
      guard let self, let parts = reply?.array, parts.count == 2, let next = parts[0].text,
        let fields = parts[1].array
      else { return }
      var missing = missing
      for index in stride(from: 0, to: fields.count - 1, by: 2) {
        guard let bytes = fields[index].bytes, let receipt = fields[index + 1].bytes else { continue }
        let name = EntryName(bytes)
        missing.remove(name)
        guard pending[name] == nil else { continue }
        guard let standing = standing(name) else {
          pending.updateValue(nil, forKey: name)
          continue
        }
        if !EditReceipt.tells(receipt, standing) { pending[name] = EditReceipt(standing, heard: time) }
      }
      if next == "0" {
        for name in missing where pending[name] == nil {
          if let standing = standing(name) { pending[name] = EditReceipt(standing, heard: time) }
        }
        write(to: scripts)
        finish()
      } else {
        write(to: scripts)
        scan(scripts, next, at: time, missing: missing, standing: standing, then: finish)
      }
    }
  }
}
