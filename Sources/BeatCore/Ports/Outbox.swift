/// Messages that wait on the store for a broker that is another server, the oldest first.
package protocol Outbox: AnyObject {
  /// Whether there is none. (Not asked for each message.)
  func isEmpty(then: @escaping Completion<Bool>)

  /// The oldest items behind the first `skipped`, the last of which is `newest`: at most `count`, and no more than `bytes`
  /// of them, but one of any length.
  func read(
    behind skipped: Int, newest: OutboxHandle?, count: Int, bytes: Int, then: @escaping Completion<OutboxPage>)

  /// Takes one item out, which was delivered, wherever it stands by now; one that is gone already is no error.
  func remove(_ handle: OutboxHandle, then: @escaping Completion<Void>)
}

/// Where an item lies; its bytes are the store's.
package struct OutboxHandle: Hashable, Sendable {
  package let bytes: [UInt8]
  package init(_ bytes: [UInt8]) { self.bytes = bytes }
}

package struct OutboxPage {
  /// Items in the whole outbox.
  package var count: Int
  /// Those that were to be skipped are not in their places any more: nothing was read.
  package var isMoved: Bool
  /// nil: it is not ours.
  package var items: [(handle: OutboxHandle, item: OutboxItem?)]

  package init(count: Int, isMoved: Bool = false, items: [(handle: OutboxHandle, item: OutboxItem?)]) {
    self.count = count
    self.isMoved = isMoved
    self.items = items
  }
}
