/// The messages that wait in the store for a broker that is another server, the oldest first.
package protocol Outbox: AnyObject {
  /// Whether the outbox is empty. It is not asked for each message.
  func isEmpty(then: @escaping Completion<Bool>)

  /// Reads the oldest items behind the first `skipped` ones: at most `count` items and about `bytes` bytes, but one
  /// item of any length.
  ///
  /// - Parameter newest: the last of the skipped items, which shows that they are still in their places; nil: none is
  ///   skipped.
  func read(
    behind skipped: Int, newest: OutboxHandle?, count: Int, bytes: Int, then: @escaping Completion<OutboxPage>)

  /// Removes one delivered item, wherever it now lies. An item that is gone already is no error.
  func remove(_ handle: OutboxHandle, then: @escaping Completion<Void>)

  /// Moves an item that the broker will never take to the place of messages set aside, in one step: it is always in one
  /// of the two. A person puts it back or drops it; no daemon does. An item that is gone already is no error.
  ///
  /// - Parameters:
  ///   - reason: why it can never be delivered; it is kept with the message.
  ///   - then: false: the item stays where it is, since `Limit.messagesSetAside` are set aside or something else is in
  ///     the place.
  func setAside(_ handle: OutboxHandle, reason: String, then: @escaping Completion<Bool>)
}

/// Identifies an item. The store alone knows what the bytes mean.
package struct OutboxHandle: Hashable, Sendable {
  package let bytes: [UInt8]
  package init(_ bytes: [UInt8]) { self.bytes = bytes }
}

package struct OutboxPage {
  /// The number of items in the whole outbox.
  package var count: Int
  /// The items to be skipped are not in their places any more, so nothing was read.
  package var isMoved: Bool
  /// The items that were read, the oldest first. `item` is nil if no daemon wrote these bytes.
  package var items: [(handle: OutboxHandle, item: OutboxItem?)]

  package init(count: Int, isMoved: Bool = false, items: [(handle: OutboxHandle, item: OutboxItem?)]) {
    self.count = count
    self.isMoved = isMoved
    self.items = items
  }
}
