/// What the watermark hash holds for a schedule.
package enum WatermarkState: Hashable, Sendable {
  case absent
  case read(Watermark)
  /// These bytes are no watermark: another client has damaged it. If the field is too long, they are its first bytes,
  /// one more than a watermark may have.
  case unreadable([UInt8])

  /// - Parameter bytes: the hash's field; nil: there is none.
  package init(_ bytes: [UInt8]?) {
    guard let bytes else {
      self = .absent
      return
    }
    let isTooLong = Limit.watermarkLength.isExceeded(by: bytes.count)
    self = (isTooLong ? nil : Watermark(bytes)).map { .read($0) } ?? .unreadable(bytes)
  }

  package var watermark: Watermark? { if case .read(let watermark) = self { watermark } else { nil } }
}
