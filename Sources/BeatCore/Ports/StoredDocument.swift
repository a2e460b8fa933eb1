/// A schedule's document as it was stored, with its watermark as of then or newer.
package struct StoredDocument {
  package let name: EntryName
  package let read: Scheduler.DocumentRead

  package init(name: EntryName, read: Scheduler.DocumentRead) {
    self.name = name
    self.read = read
  }

  /// Whether the store has no document of this name.
  package var isAbsent: Bool {
    if case .absent = read.content { true } else { false }
  }

  /// The document's bytes; nil if there is no document, or none that can be read.
  package var bytes: [UInt8]? {
    if case .document(let bytes) = read.content { bytes } else { nil }
  }

  /// The watermark that daemons keep beside the document; nil: there is none, or none that can be read.
  package var watermark: Watermark? { read.watermark }
}
