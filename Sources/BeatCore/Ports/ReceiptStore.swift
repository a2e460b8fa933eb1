/// The receipts: for each document, what became of its last edit.
package protocol ReceiptStore: AnyObject {
  /// Writes receipts, and removes those that are nil. A refused write is not repeated: receipts are for people, and
  /// schedules go on without them.
  func write(_ receipts: [EntryName: EditReceipt?])

  /// One step of a walk through all receipts.
  ///
  /// - Parameter position: the position after the step before; nil: a new walk begins.
  func page(from position: ScanPosition?, then: @escaping Completion<ReceiptPage>)
}

package struct ReceiptPage {
  /// The position for the next step; nil: this was the last step.
  package var next: ScanPosition?
  /// The stored bytes. `EditReceipt.bytes` has written them, or another client.
  package var receipts: [(name: EntryName, bytes: [UInt8])]

  package init(next: ScanPosition?, receipts: [(name: EntryName, bytes: [UInt8])]) {
    self.next = next
    self.receipts = receipts
  }
}
