/// What stands in the mark hash for a schedule.
public enum MarkState: Hashable, Sendable {
  case absent
  case read(Mark)
  /// Somebody has damaged it: these bytes are no mark.
  case unreadable([UInt8])

  /// - Parameter bytes: nil: the hash has no such field.
  public init(_ bytes: [UInt8]?) {
    guard let bytes else {
      self = .absent
      return
    }
    self = Mark(bytes).map { .read($0) } ?? .unreadable(bytes)
  }

  public var mark: Mark? { if case .read(let mark) = self { mark } else { nil } }
}
