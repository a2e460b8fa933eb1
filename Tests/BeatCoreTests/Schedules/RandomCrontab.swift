@testable import BeatCore

/// The five fields of a random crontab, as the texts or lists of a document.
struct RandomCrontab: CustomStringConvertible {
  /// The fields in the order of documents: minute, hour, day_of_week, day_of_month, month_of_year.
  var fields: [CrontabFieldValue]

  static let order: [CrontabField] = [.minute, .hour, .dayOfWeek, .dayOfMonth, .monthOfYear]

  /// Makes fields of every shape that the grammar has; most are correct.
  init(using chance: inout SeededChance) {
    fields = Self.order.map { field in
      let openness = field.name == "minute" ? 5 : 2
      if chance.once(in: openness) { return .text("*") }
      return Self.value(of: field, using: &chance)
    }
    // All hours or all minutes, the common case, are chosen more often.
    if chance.once(in: 4) { fields[1] = .text("*") }
    if chance.once(in: 6) { fields[0] = .text("*/\(chance.number(1...59))") }
  }

  init(_ fields: [CrontabFieldValue]) {
    self.fields = fields
  }

  static func value(of field: CrontabField, using chance: inout SeededChance) -> CrontabFieldValue {
    let lowest = field.lowest
    let highest = field.highest
    func number(_ chance: inout SeededChance) -> Int { chance.number(lowest...highest) }
    if chance.once(in: 8) { return .number(Int64(number(&chance))) }
    if chance.once(in: 10) {
      return .list((0...chance.number(0...4)).map { _ in .number(Int64(number(&chance))) })
    }
    let parts = (0..<(chance.once(in: 3) ? chance.number(1...4) : 1)).map { _ in
      switch chance.number(0...9) {
      case 0: return "*/\(chance.number(1...(field.count + 2)))"
      case 1, 2: return "\(number(&chance))-\(number(&chance))"
      case 3: return "\(number(&chance))-\(number(&chance))/\(chance.number(1...9))"
      case 4 where field.name == "day_of_week":
        return chance.one(of: ["sun", "mon", "TUE", "Wednesday", "thurs", "fri-mon", "mon-fri", "sat-sun"])
      case 4 where field.name == "month_of_year":
        return chance.one(of: ["jan", "Feb", "march", "NOV-feb", "apr-sep/2", "june,july"])
      case 5: return chance.one(of: ["\(number(&chance))-\(number(&chance))!x", "0\(number(&chance))"])
      case 6: return " \(number(&chance))"
      default: return "\(number(&chance))"
      }
    }
    return .text(parts.joined(separator: ","))
  }

  func crontab(in zone: ZoneRules) throws(CrontabError) -> Crontab {
    try Crontab(
      minute: fields[0], hour: fields[1], dayOfWeek: fields[2], dayOfMonth: fields[3], monthOfYear: fields[4],
      zone: zone)
  }

  var json: String { "[\(fields.map(\.json).joined(separator: ", "))]" }

  var description: String { json }
}

extension CrontabFieldValue {
  var json: String {
    switch self {
    case .number(let number): "\(number)"
    case .text(let text): TimeTesting.json(text)
    case .list(let elements): "[\(elements.map(\.json).joined(separator: ", "))]"
    }
  }
}
