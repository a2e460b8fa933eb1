/// A schedule's name, by which the store knows its document. Any bytes: it need not be text.
package struct EntryName: Hashable, Sendable, CustomStringConvertible {
  package let bytes: [UInt8]

  package init(_ bytes: [UInt8]) { self.bytes = bytes }

  package init(_ text: String) { bytes = Array(text.utf8) }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(words: bytes[...])
  }
}

extension Hasher {
  /// Eight bytes at a time: an array would feed them one by one, and each fire looks its name up a few times.
  mutating func combine(words bytes: ArraySlice<UInt8>) {
    unsafe bytes.withUnsafeBytes { unsafe combine(bytes: $0) }
    combine(bytes.count)
  }
}
