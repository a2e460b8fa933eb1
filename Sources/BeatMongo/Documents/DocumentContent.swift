import BeatCore

/// A stored document as the port shows it.
package enum DocumentContent: Sendable {
  case text([UInt8])
  /// The document holds what no text of JSON can say, or what no worker can be sent.
  case unusable(UnusableContent)
  /// The text would have about so many bytes, and more than the caller reads.
  case tooLong(Int)
}
