/// What became of each edit, kept beside the documents.
package protocol ReceiptStore: AnyObject {
  /// Writes and removes (nil) receipts. What is refused is left: receipts are for people, and schedules go on without them.
  func write(_ receipts: [EntryName: EditReceipt?])

  /// One step through all receipts.
  ///
  /// - Parameter position: nil: a new walk begins.
  func page(from position: ScanPosition?, then: @escaping Completion<ReceiptPage>)
}

package struct ReceiptPage {
  /// nil: this was the last step.
  package var next: ScanPosition?
  /// As `EditReceipt.bytes` has written them, or somebody else.
  package var receipts: [(name: EntryName, bytes: [UInt8])]

  package init(next: ScanPosition?, receipts: [(name: EntryName, bytes: [UInt8])]) {
    self.next = next
    self.receipts = receipts
  }
}
