import BeatCore

/// The receipts, in a hash whose fields are the documents' names.
final class RedisReceiptStore: ReceiptStore {
  /// The most fields in one command.
  private static let pageSize = 200
  private static let scanCount = 500

  private let scripts: StoreScripts

  init(_ scripts: StoreScripts) { self.scripts = scripts }

  func write(_ receipts: [EntryName: EditReceipt?]) {
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
    for (name, receipt) in receipts {
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
  }

  func page(from position: ScanPosition?, then completion: @escaping Completion<ReceiptPage>) {
    let own = OwnHash(key: scripts.keys.receipts)
    own.scan(scripts, from: ScanPosition.cursor(position), count: Self.scanCount) { page, error in
      guard let page else { return completion(.failure(Refusal(error))) }
      completion(
        Result { () throws(Refusal) in
          ReceiptPage(
            next: try ScanPosition.next(position, page.cursor), receipts: page.fields.map { (EntryName($0), $1) })
        })
    }
  }
}
