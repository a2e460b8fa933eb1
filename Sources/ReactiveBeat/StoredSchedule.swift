import BeatCore
import BeatRedis

/// A schedule as it stands in the store, and what comes of it.
public struct StoredSchedule: Hashable, Sendable {
  /// Whether it runs, and if not, why.
  public enum State: Hashable, Sendable {
    case enabled
    /// Its document says so.
    case disabled
    /// It has come to its end.
    case finished(reason: String)
    /// The document cannot be used and is set aside.
    case rejected(reason: String)
  }

  /// Its name: the document's key without the prefix, and empty where the key is the prefix itself. A name that is not UTF-8 has its bytes as `\xNN`.
  public let name: String
  /// The document's text, with U+FFFD in the place of bytes that are not UTF-8; nil if the key holds another Redis type,
  /// or more than is read.
  public let document: String?
  public let state: State
  /// When it is due next, since 1970-01-01 00:00 UTC; nil if nothing comes any more. A time that has passed was missed
  /// and is made up for.
  public let nextDue: Duration?
  /// When it was due last, since 1970-01-01 00:00 UTC; nil: it never ran.
  public let lastRun: Duration?
  public let totalRunCount: Int64

  init(_ stored: StoredDocument, _ preview: SchedulePreview) {
    name = "\(stored.name)"
    document = stored.bytes.map { String(decoding: $0, as: UTF8.self) }
    state =
      switch preview.state {
      case .enabled: .enabled
      case .disabled: .disabled
      case .finished(let reason): .finished(reason: reason)
      case .rejected(let reason): .rejected(reason: reason)
      }
    nextDue = preview.next?.due.duration
    lastRun = preview.lastRun?.duration
    totalRunCount = preview.totalRunCount
  }
}
