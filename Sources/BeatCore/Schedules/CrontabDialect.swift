/// What Quartz, Jenkins and others write in a crontab, and Celery's grammar does not know.
enum CrontabDialect {
  /// What a part of a field would mean elsewhere, and what to do; nil: there is nothing of the kind in it.
  static func refusal(of part: Substring.UnicodeScalarView) -> String? {
    // Nearly every part has none of their letters, and is not looked at any further.
    guard Substring(part).utf8.contains(where: Self.isOne) else { return nil }
    if part.contains("#") {
      return "\"#\", the nth weekday of a month, is no part of Celery's grammar; join day_of_week with a week's "
        + "day_of_month, such as 8-14"
    }
    if part.contains("?") { return "\"?\", no particular value, is no part of Celery's grammar; write \"*\"" }
    // A word that begins with a number or a name, or with neither: `L`, `15W`, `friL`, but not `jul`.
    for word in part.split(whereSeparator: { !$0.isPythonWord }) {
      switch suffix(of: word) {
      case "l", "lw":
        return
          "\"L\", the last of its kind, is no part of Celery's grammar; choose days, such as 28-31, and let the task "
          + "look at the date"
      case "w":
        return
          "\"W\", the nearest working day, is no part of Celery's grammar; choose days, and let the task look at the "
          + "date"
      default: break
      }
    }
    return nil
  }

  private static func isOne(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "#"), UInt8(ascii: "?"), UInt8(ascii: "L"), UInt8(ascii: "l"), UInt8(ascii: "W"),
      UInt8(ascii: "w"):
      true
    default: false
    }
  }

  /// What follows a number or a name, in lower case.
  private static func suffix(of word: Substring.UnicodeScalarView) -> String {
    let digits = word.prefix { ("0"..."9").contains($0) }
    let rest = digits.isEmpty ? word.dropFirst(CrontabName.beginning(of: word)) : word.dropFirst(digits.count)
    return rest.count <= 2 ? String(rest).lowercased() : ""
  }
}
