/// What stands in the watermark hash for a schedule.
package enum WatermarkState: Hashable, Sendable {
  case absent
  case read(Watermark)
  /// Somebody has damaged it: these bytes are no watermark. Of one that is too long, as many as may be and one more.
  case unreadable([UInt8])

  /// - Parameter bytes: nil: the hash has no such field.
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
