/// A schedule's document as it stood in the store, with the watermark of the same moment.
package struct StoredDocument {
  package let name: EntryName
  package let read: Scheduler.DocumentRead

  package init(name: EntryName, read: Scheduler.DocumentRead) {
    self.name = name
    self.read = read
  }

  /// Nothing stands there.
  package var isAbsent: Bool {
    if case .absent = read.content { true } else { false }
  }

  /// The document's bytes; nil if there are none that can be read.
  package var bytes: [UInt8]? {
    if case .document(let bytes) = read.content { bytes } else { nil }
  }

  /// What the daemon keeps beside it.
  package var watermark: Watermark? { read.watermark }
}
