import BeatCore

/// Changes of documents that never undo another client's edit: each is carried out only if the stored document is the
/// one that its author has seen.
extension RedisStoreClient {
  static let saveScript = LuaScript(embedded: PackageResources.save_lua)
  private static let renameScript = LuaScript(embedded: PackageResources.rename_lua)

  /// Stores a document if `seen` is still stored (nil: no document is); returns false if not.
  ///
  /// - Parameter watermark: written in the same step. If the stored watermark is not the one that was seen, nothing is
  ///   written and the result is false.
  package func save(
    _ bytes: [UInt8], as name: EntryName, inPlaceOf seen: [UInt8]?, watermark: WatermarkChange? = nil
  ) throws(StoreError) -> Bool {
    guard !bytes.isEmpty else { return false }
    return try exchange(name, seen, bytes, watermark)
  }

  /// Deletes a document if `seen` is still stored, and records the deletion in its watermark; returns false if not.
  package func delete(_ name: EntryName, seen: [UInt8], watermark: Watermark? = nil) throws(StoreError) -> Bool {
    try exchange(name, seen, [], watermark.map { WatermarkChange(seen: $0, new: $0.ofGone) })
  }

  private func exchange(
    _ name: EntryName, _ seen: [UInt8]?, _ bytes: [UInt8], _ watermark: WatermarkChange?
  ) throws(StoreError) -> Bool {
    let change = DocumentChange(name: name, seen: seen, bytes: bytes, watermark: watermark)
    switch try exchange([change])[0] {
    case .success(let isStored): return isStored
    case .failure(let error): throw failure(error)
    }
  }

  /// The same for several documents in one round trip. A change to no bytes deletes the document.
  package func exchange(_ changes: [DocumentChange]) throws(StoreError) -> [Result<Bool, RedisServerError>] {
    try evaluate(
      Self.saveScript,
      changes.map { change in
        (
          [keys.document(change.name), keys.watermark],
          Self.saving(change.bytes, inPlaceOf: change.seen, name: change.name.bytes, watermark: change.watermark)
        )
      }
    ).map { reply in reply.error.map { .failure($0) } ?? .success(reply.array?.first?.text == "OK") }
  }

  /// The arguments of `saveScript`.
  static func saving(
    _ bytes: [UInt8], inPlaceOf seen: [UInt8]?, name: [UInt8] = [], watermark: WatermarkChange? = nil
  ) -> [[UInt8]] {
    [
      Array(seen == nil ? "0".utf8 : "1".utf8), seen ?? [], bytes, name, watermark?.seen?.bytes ?? [],
      watermark?.new.bytes ?? [],
    ]
  }

  /// Renames a schedule and its watermark in one step, so that nothing is fired again or postponed.
  package func rename(_ name: EntryName, to newName: EntryName) throws(StoreError) -> RenameOutcome {
    let reply = try evaluate(
      Self.renameScript, keys: [keys.document(name), keys.document(newName), keys.watermark],
      arguments: [name.bytes, newName.bytes])
    switch reply.array?.first?.text {
    case "OK": return .renamed
    case "GONE": return .gone
    case "EXISTS": return .exists
    case "ERR": throw failure(RedisServerError(reply.array?.last?.text ?? ""))
    default: return .unusable(.ofType(reply.array?.last?.text ?? ""))
    }
  }
}
