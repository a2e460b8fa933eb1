/// What stands in the mark hash for a schedule.
package enum MarkState: Hashable, Sendable {
  case absent
  case read(Mark)
  /// Somebody has damaged it: these bytes are no mark. Of one that is too long, as many as may be and one more.
  case unreadable([UInt8])

  /// - Parameter bytes: nil: the hash has no such field.
  package init(_ bytes: [UInt8]?) {
    guard let bytes else {
      self = .absent
      return
    }
    let isTooLong = Limit.markLength.isExceeded(by: bytes.count)
    self = (isTooLong ? nil : Mark(bytes)).map { .read($0) } ?? .unreadable(bytes)
  }

  package var mark: Mark? { if case .read(let mark) = self { mark } else { nil } }
}
