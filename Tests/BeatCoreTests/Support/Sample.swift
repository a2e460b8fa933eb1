import Testing

@testable import BeatCore

/// Instants, documents and settings that many tests share.
enum Sample {
  /// 2026-03-02T12:00:00Z, a Monday: the present time of most tests.
  static let noon = UnixTime(seconds: 1_772_452_800)

  /// A context with the zones of the system's files.
  static let context = DocumentContext(defaultZone: .utc) { name throws(ZoneError) in
    do { return try TimeTesting.zone(name) } catch { throw ZoneError(zone: name, message: "there is no such zone") }
  }

  /// A document on one line, with the required fields and with `fields`, such as `"args": [2, 3]`. A field that is
  /// given here replaces one of the same name.
  static func document(_ fields: String..., interval: String? = #"{"every": 10, "period": "seconds"}"#) -> String {
    var members = [#""name": "report""#, #""task": "proj.tasks.add""#, #""enabled": true"#]
    if let interval { members.append(#""interval": \#(interval)"#) }
    for field in fields where !field.isEmpty {
      let key = field.prefix { $0 != ":" }
      members.removeAll { $0.hasPrefix(key + ":") }
      members.append(field)
    }
    return "{" + members.joined(separator: ", ") + "}"
  }

  /// What no document can be read from.
  static let unusable = UnusableContent(found: "a list", problem: "holds a list, and a schedule is text")

  static func document(contentsOf fields: [String]) -> String {
    document().dropLast() + fields.map { ", " + $0 }.joined() + "}"
  }

  static func crontab(_ crontab: String, _ fields: String...) -> String {
    let text = document(interval: nil).dropLast()
    return ([String(text), #""crontab": \#(crontab)"#] + fields).joined(separator: ", ") + "}"
  }

  static func read(_ text: String) throws(DocumentProblem) -> ScheduleDocument {
    try ScheduleDocument(Array(text.utf8), context: context)
  }

  /// The reason that a user is given if the document is set aside; nil if it is accepted.
  static func problem(_ text: String) -> String? { problem(Array(text.utf8)) }

  static func problem(_ bytes: [UInt8]) -> String? {
    do {
      _ = try ScheduleDocument(bytes, context: context)
      return nil
    } catch { return error.description }
  }
}

/// An instant of a test, in ISO 8601.
func time(_ text: String, sourceLocation: SourceLocation = #_sourceLocation) -> UnixTime {
  guard let time = UnixTime(iso8601: text) else {
    Issue.record("\(text) is no date", sourceLocation: sourceLocation)
    return .earliest
  }
  return time
}

extension String {
  init(_ bytes: [UInt8]) { self.init(decoding: bytes, as: UTF8.self) }
}
