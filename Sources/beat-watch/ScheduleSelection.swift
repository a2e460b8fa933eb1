import ArgumentParser
import BeatCore
import ReactiveBeat

/// The schedules that a command is about, given as names or globs. If a schedule has the text as its name, the text is
/// not read as a glob.
struct ScheduleSelection {
  let patterns: [NamePattern]

  init(_ texts: [String]) { patterns = texts.map { NamePattern($0) } }

  /// The names of the selected schedules, in order, each once. Throws if one of the patterns matches none.
  func names(in store: any StoreInspector) throws -> [EntryName] {
    var chosen: Set<EntryName> = []
    var all: [EntryName]?
    for pattern in patterns {
      if try !store.document(pattern.literal).isAbsent {
        chosen.insert(pattern.literal)
      } else if pattern.isGlob {
        let names = try all ?? store.names()
        all = names
        let matching = names.filter(pattern.matches)
        guard !matching.isEmpty else { throw Self.missing(pattern, in: store) }
        chosen.formUnion(matching)
      } else {
        throw Self.missing(pattern, in: store)
      }
    }
    return chosen.sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) }
  }

  /// The name of the one selected schedule. Throws if there is none, or more than one.
  func name(in store: any StoreInspector) throws -> EntryName {
    let names = try names(in: store)
    guard names.count == 1 else {
      let some = names.prefix(3).map { Cut.argument("\($0)") }.joined(separator: ", ")
      throw CommandError(
        .usage,
        "\(patterns.map { Cut.argument("\($0)") }.joined(separator: " ")) means "
          + "\(Plural.of(names.count, "schedule")) (\(some)\(names.count > 3 ? ", …" : "")): name one")
    }
    return names[0]
  }

  /// A name for a new schedule, given letter by letter or in its printed notation. Throws if no schedule can have it.
  static func newName(_ text: String, in client: any StoreEditor) throws -> EntryName {
    let name = EntryName(notation: text) ?? EntryName(text)
    if let problem = try problem(ofNew: name, in: client) { throw ValidationError(problem) }
    return name
  }

  /// Why no schedule can be made under a name; nil: one can.
  static func problem(ofNew name: EntryName, in client: any StoreEditor) throws -> String? {
    if let problem = problem(of: name) { return problem }
    guard !name.bytes.isEmpty, client.canHold(name) else {
      return "\"\(Cut.argument("\(name)"))\" is no name for a schedule"
    }
    // The log shows keys. One that is there already can be changed, and renamed.
    if let meant = nameOf(key: name, in: client), try client.document(name).isAbsent {
      return "\"\(Cut.argument("\(name)"))\" is a key; a schedule's name is the key without the prefix: "
        + Cut.argument("\(meant)")
    }
    return nil
  }

  /// The name that is meant by a key where a name belongs; nil: the text is no key. A prefix that ends with a letter or
  /// a digit may be how a name begins as well.
  private static func nameOf(key text: EntryName, in store: any StoreInspector) -> EntryName? {
    let prefix = store.prefix
    guard let last = prefix.last, !Unicode.Scalar(last).properties.isAlphabetic,
      !(0x30...0x39).contains(last), text.bytes.count > prefix.count, text.bytes.starts(with: prefix)
    else { return nil }
    let name = EntryName(Array(text.bytes.dropFirst(prefix.count)))
    return store.place(of: name) == text.bytes ? name : nil
  }

  /// Why no daemon reads the document of this name, so that none is written; nil: daemons read it.
  static func problem(of name: EntryName) -> String? {
    guard Limit.nameLength.isExceeded(by: name.bytes.count) else { return nil }
    return "\"\(Cut.argument("\(name)"))\" is no name for a schedule: it " + Limit.nameLength.excess(name.bytes.count)
  }

  static func missing(_ pattern: NamePattern, in store: any StoreInspector) -> CommandError {
    missing(
      pattern, place: EntryName(store.place(of: pattern.literal)), item: store.terms.item, store: store.name,
      meant: nameOf(key: pattern.literal, in: store))
  }

  static func missing(
    _ pattern: NamePattern, place: EntryName, item: String, store: String, meant: EntryName? = nil
  ) -> CommandError {
    let prefix = max(0, "\(place)".count - "\(pattern.literal)".count)
    let hint = meant.map { "a name is the key without the prefix: \(Cut.argument("\($0)"))" }
    return CommandError(
      .missing,
      "no schedule \(Cut.argument("\(pattern)")): no \(item) \(Cut.end("\(place)", to: prefix + Cut.argumentWidth)) in "
        + "\(store); \(hint ?? "`beat-watch list` shows all")")
  }
}
