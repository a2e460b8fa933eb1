import BeatCore

/// One line of the daemon's JSON log.
struct LogLine: CustomStringConvertible {
  /// The line as it was written.
  let description: String
  let level: String
  /// The word that says what happened, such as `fired`.
  let message: String
  private let fields: JSONValue

  /// nil if the line is no object with `ts`, `level` and `msg`.
  init?(_ bytes: some Collection<UInt8>) {
    guard let fields = JSONValue(bytes), let level = fields["level"]?.text, let message = fields["msg"]?.text,
      fields["ts"]?.text != nil
    else { return nil }
    description = String(decoding: bytes, as: UTF8.self)
    (self.level, self.message, self.fields) = (level, message, fields)
  }

  /// A field's text; nil for a number.
  subscript(name: String) -> String? { fields[name]?.text }
  /// A field's text; throws without one.
  func text(_ name: String) throws -> String {
    guard let text = self[name] else { throw Failure("no \"\(name)\" in \(self)", 0) }
    return text
  }
  /// A field that has a date.
  func time(_ name: String) throws -> UnixTime {
    guard let time = UnixTime(iso8601: try text(name)) else { throw Failure("no date \"\(name)\" in \(self)", 0) }
    return time
  }
  func number(_ name: String) -> Double? { fields[name]?.number }
  func value(_ name: String) -> JSONValue? { fields[name] }

  /// The document's key, as the log shows it.
  var key: String? { self["key"] }
  var reason: String { self["reason"] ?? "" }
}
