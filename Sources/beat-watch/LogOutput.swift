import BeatCore
import Glibc
import Logging

/// Log lines on stderr: text for users, or one JSON object a line.
struct LogOutput: LogHandler {
  enum Format: String { case text, json }

  let format: Format
  var logLevel: Logger.Level
  var metadata: Logger.Metadata = [:]

  init(format: Format, level: Logger.Level) {
    self.format = format
    logLevel = level
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let fields = metadata.merging(event.metadata ?? [:]) { $1 }.mapValues { Self.cut($0) }
    let line =
      switch format {
      case .text: Self.text(event.level, event.message.description, fields)
      case .json: Self.json(event.level, event.message.description, fields)
      }
    StandardError.write(line: line)
  }

  /// `2026-11-20T22:00:00.000Z warning rejected tasks:meta:report: interval.period "minuts": expected one of …`
  static func text(_ level: Logger.Level, _ message: String, _ fields: Logger.Metadata) -> String {
    var line = "\(timestamp()) \(level) \(message)"
    if let key = fields["key"] { line += " \(key)" }
    let others = fields.filter { $0.key != "key" && $0.key != "reason" }.sorted { $0.key < $1.key }
    for (name, value) in others { line += " \(name)=\(value)" }
    if let reason = fields["reason"] { line += ": \(reason)" }
    // Line breaks are escaped: a name or a value from a document must not begin a line of its own.
    return line.printable
  }

  static func json(_ level: Logger.Level, _ message: String, _ fields: Logger.Metadata) -> String {
    var line = #"{"ts":"\#(timestamp())","level":"\#(level)","msg":\#(JSONLine.quoted(message))"#
    for (name, value) in fields.sorted(by: { $0.key < $1.key }) {
      line += ",\(JSONLine.quoted(name)):\(json(value))"
    }
    return line + "}"
  }

  /// Shortens text to the length that a field of a line may have. Numbers are short already.
  private static func cut(_ value: Logger.MetadataValue) -> Logger.MetadataValue {
    guard case .string(let text) = value else { return value }
    return .string(text.beginning(Limit.lineFieldLength.most))
  }

  /// Numbers and truth values stay what they are; everything else is text.
  private static func json(_ value: Logger.MetadataValue) -> String {
    switch value {
    case .stringConvertible(let number as any BinaryInteger): "\(number)"
    case .stringConvertible(let number as Double) where number.isFinite: "\(number)"
    case .stringConvertible(let flag as Bool): "\(flag)"
    case .string, .stringConvertible: JSONLine.quoted("\(value)")
    case .array(let values): "[" + values.map { json($0) }.joined(separator: ",") + "]"
    case .dictionary(let values):
      "{"
        + values.sorted { $0.key < $1.key }.map { "\(JSONLine.quoted($0.key)):\(json($0.value))" }.joined(
          separator: ",") + "}"
    }
  }

  /// The present time in UTC, to the millisecond.
  private static func timestamp() -> String {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    var parts = tm()
    gmtime_r(&now.tv_sec, &parts)
    func digits(_ value: some BinaryInteger, _ width: Int) -> String {
      let text = String(value)
      return String(repeating: "0", count: max(0, width - text.count)) + text
    }
    let date = "\(digits(Int(parts.tm_year) + 1900, 4))-\(digits(parts.tm_mon + 1, 2))-\(digits(parts.tm_mday, 2))"
    let time = "\(digits(parts.tm_hour, 2)):\(digits(parts.tm_min, 2)):\(digits(parts.tm_sec, 2))"
    return "\(date)T\(time).\(digits(now.tv_nsec / 1_000_000, 3))Z"
  }
}
