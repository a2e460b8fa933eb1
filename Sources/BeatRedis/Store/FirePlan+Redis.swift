import BeatCore

extension FirePlan {
  /// How many bytes at the beginning of the stored document stay as they are; SETRANGE writes what comes after them. At
  /// least one byte is written, whatever the documents have in common: without one there is no event, and each fire
  /// accounts for one.
  var unchangedLength: Int {
    let most = min(oldDocument.count, newDocument.count - 1)
    return oldDocument.withUnsafeBytes { old in
      newDocument.withUnsafeBytes { new in
        var length = 0
        // Eight bytes at a time: a document may have a megabyte.
        while length + 8 <= most,
          old.loadUnaligned(fromByteOffset: length, as: UInt64.self)
            == new.loadUnaligned(fromByteOffset: length, as: UInt64.self)
        {
          length += 8
        }
        while length < most, old[length] == new[length] { length += 1 }
        return length
      }
    }
  }
}
