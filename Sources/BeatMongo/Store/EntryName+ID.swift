import BeatCore

/// A schedule's name as the `_id` of a document: text as a String, so that people can read it; any other bytes as
/// binary data.
extension EntryName {
  var asBSON: BSON { String(validating: bytes, as: UTF8.self) == nil ? .binary(bytes) : .string(bytes) }

  /// nil: the value is no name.
  init?(_ value: BSONValue) {
    if value.type == .string, let bytes = value.utf8 {
      self.init(Array(bytes))
    } else if let binary = value.binary, binary.subtype == 0 {
      self.init(Array(binary.bytes))
    } else {
      return nil
    }
  }
}
