import BeatCore
import BeatRedis

/// A schedule as it is stored, with its preview: what a daemon makes of it.
public struct StoredSchedule: Hashable, Sendable {
  /// Whether the schedule runs, and if not, why.
  public enum State: Hashable, Sendable {
    /// The schedule runs.
    case enabled
    /// The document switches it off.
    case disabled
    /// The schedule has come to its end: no further run comes.
    case finished(reason: String)
    /// The document cannot be used and is set aside.
    case rejected(reason: String)
  }

  /// The document's key without the prefix; empty where the key is the prefix itself. Bytes that are not UTF-8 appear
  /// as `\xNN`.
  public let name: String
  /// The document's text, with U+FFFD in the place of bytes that are not UTF-8. nil if the key holds another Redis type
  /// than a string, or more than 1 MiB.
  public let document: String?
  /// Whether the schedule runs, and if not, why.
  public let state: State
  /// The next due time, since 1970-01-01 00:00 UTC; nil if no further run comes. A time that has passed belongs to a
  /// missed occurrence, which is made up for.
  public let nextDue: Duration?
  /// The due time of the newest known run, since 1970-01-01 00:00 UTC; nil: no run is known.
  public let lastRun: Duration?
  /// How many runs were sent, by the document and the watermark.
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
