import BeatCore
import BeatRedis

/// Deletes one document if it is still the one that was read. What the daemon writes about its runs in between is no
/// conflict.
package enum ScheduleRemoval {
  /// - Returns: the bytes that were deleted; nil: there were none.
  ///
  /// Throws: `ChangeProblem` if another client has changed the document since it was read, or if it cannot be deleted;
  /// `StoreError`.
  @discardableResult
  package static func remove(_ document: StoredDocument, in client: any StoreEditor) throws -> [UInt8]? {
    guard var seen = try ScheduleChange.bytes(of: document, in: client) else { return nil }
    var watermark = document.watermark
    var patience = Patience()
    while patience.lasts {
      if try client.delete(document.name, seen: seen, watermark: watermark) { return seen }
      let stored = try client.document(document.name)
      guard let now = stored.bytes else { throw ChangeProblem.deletedOrReplaced(document.name) }
      guard Bookkeeping.isAllThatChanged(from: seen, to: now) else { throw ChangeProblem.changedAndKept(document.name) }
      (seen, watermark) = (now, stored.watermark)
    }
    throw ChangeProblem.busy(document.name)
  }
}
