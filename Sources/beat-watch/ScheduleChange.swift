import ArgumentParser
import BeatCore
import ReactiveBeat

/// A change of one document, carried out on the bytes that stand there and on no others. Whoever else writes in the same
/// moment loses nothing: the daemon's bookkeeping, and other people's edits of other fields, are taken in, and of the
/// same fields they win.
struct ScheduleChange {
  let name: EntryName
  /// What stood there before: absent, if it was made.
  let before: StoredDocument
  let after: [UInt8]
  /// Of the edit, by Redis' clock.
  let at: UnixTime
  /// Nothing was to be changed.
  var isNone: Bool { before.bytes == after }
  var isNew: Bool { before.isAbsent }

  /// Changes a document, or makes one.
  ///
  /// - Parameters:
  ///   - fields: the top-level fields that `edit` may touch.
  ///   - mayMake: where there is none, one is made.
  ///   - mustBeUsable: the result must be a document that the daemon can use. Else: only if it was one before.
  ///   - isDry: nothing is stored.
  static func make(
    _ name: EntryName, in client: StoreClient, context: DocumentContext, fields: Set<String>, mayMake: Bool = false,
    mustBeUsable: Bool = true, isDry: Bool = false, _ edit: (inout DocumentEditor) throws -> Void
  ) throws -> ScheduleChange {
    try make(
      name, in: client, context: context, fields: fields, mayMake: mayMake, mustBeUsable: mustBeUsable, isDry: isDry
    ) { before in
      var editor = try editor(before, name)
      try edit(&editor)
      return editor.bytes
    }
  }

  /// Puts a whole document in the place of one, or makes one. What the daemon writes itself is carried over, where the new
  /// one does not say it.
  static func replace(
    _ name: EntryName, by document: [UInt8], in client: StoreClient, context: DocumentContext, isDry: Bool = false
  ) throws -> ScheduleChange {
    try make(name, in: client, context: context, fields: nil, mayMake: true, mustBeUsable: true, isDry: isDry) {
      before in
      before.map { Bookkeeping.kept(from: $0, in: document) } ?? document
    }
  }

  /// - Parameters:
  ///   - fields: those that `edit` may touch; nil: all.
  ///   - edit: makes the new bytes from those that stand there.
  private static func make(
    _ name: EntryName, in client: StoreClient, context: DocumentContext, fields: Set<String>?, mayMake: Bool,
    mustBeUsable: Bool, isDry: Bool, _ edit: ([UInt8]?) throws -> [UInt8]
  ) throws -> ScheduleChange {
    try ScheduleSelection.refuseUnread(name)
    var seen = try client.document(name)
    var patience = Patience()
    while patience.lasts {
      let before = try bytes(of: seen, in: client, mayMake: mayMake)
      let after = try edit(before)
      do throws(DocumentProblem) { _ = try ScheduleDocument(after, context: context) } catch {
        let wasUsable = before.map { (try? ScheduleDocument($0, context: context)) != nil } ?? true
        if mustBeUsable || wasUsable { throw CommandError(.data, "\(name): \(error); nothing was changed") }
      }
      let change = ScheduleChange(name: name, before: seen, after: after, at: try client.time())
      if isDry || change.isNone { return change }
      if try client.save(after, as: name, inPlaceOf: before, mark: change.mark(context)) { return change }
      let now = try client.document(name)
      try refuseConflict(name, fields, before, now)
      seen = now
    }
    throw CommandError(.conflict, "\(name) is changed all the time by others: nothing was changed in 10 s; try again")
  }

  /// The bytes of a document that can be changed; nil if there is none and one may be made.
  static func bytes(of document: StoredDocument, in client: StoreClient, mayMake: Bool = false) throws -> [UInt8]? {
    switch document.read.content {
    case .document(let bytes): return bytes
    case .absent where mayMake: return nil
    case .absent: throw ScheduleSelection.missing(NamePattern(document.name), in: client)
    case .wrongType(let type):
      throw CommandError(
        .data,
        "\(EntryName(client.keys.document(document.name))) holds a Redis \(type), and a schedule is a string: "
          + "delete that key, or choose another name")
    case .tooLong(let length):
      let excess = Scheduler.DocumentRead.excess(length, most: Limit.documentLength.most)
      throw CommandError(.data, "\(document.name) \(excess)")
    }
  }

  private static func editor(_ bytes: [UInt8]?, _ name: EntryName) throws -> DocumentEditor {
    guard let bytes else { return DocumentEditor() }
    do throws(DocumentProblem) { return try DocumentEditor(bytes) } catch {
      throw CommandError(.data, "\(name): \(error); mend it with `\(ShellWords.command("edit", name))`")
    }
  }

  private static func refuseConflict(
    _ name: EntryName, _ fields: Set<String>?, _ before: [UInt8]?, _ now: StoredDocument
  ) throws {
    guard let before else {
      throw CommandError(.conflict, "\(name): somebody else has made it in this moment; look at it")
    }
    guard let after = now.bytes, let old = try? DocumentEditor(before), let new = try? DocumentEditor(after) else {
      throw CommandError(.conflict, "\(name): somebody else has deleted or broken it meanwhile; nothing was changed")
    }
    if Bookkeeping.isAllThatChanged(from: before, to: after) { return }
    let (oldValues, newValues) = (old.values, new.values)
    for field in fields?.sorted() ?? old.keys + new.keys where oldValues[field] != newValues[field] {
      throw CommandError(
        .conflict,
        "\(name): somebody else has changed \(field) meanwhile; nothing was changed: look at it, and try again")
    }
  }

  /// What becomes of the schedule by it: what a daemon makes of the edit that hears it in this moment.
  func standing(_ context: DocumentContext) -> ScheduleStanding {
    ScheduleStanding(name, before: before.read, edited: after, context: context, now: at)
  }

  /// What is kept beside the document, so that a daemon that comes later goes on from here.
  func mark(_ context: DocumentContext) -> StoreClient.MarkChange? {
    standing(context).kept.map { StoreClient.MarkChange(seen: before.mark, new: $0) }
  }

  // MARK: for people

  /// The fields that differ, a line for each side.
  var difference: [String] {
    guard let new = try? DocumentEditor(after) else { return [] }
    let old = before.bytes.flatMap { try? DocumentEditor($0) } ?? DocumentEditor()
    var lines: [String] = []
    let (oldValues, newValues) = (old.values, new.values)
    for key in old.keys + new.keys.filter({ oldValues[$0] == nil }) where oldValues[key] != newValues[key] {
      if let value = oldValues[key] { lines.append(Style.red("- \(Self.line(key, value))")) }
      if let value = newValues[key] { lines.append(Style.green("+ \(Self.line(key, value))")) }
    }
    return lines
  }

  private static func line(_ key: String, _ value: ArraySlice<UInt8>) -> String {
    "\(JSONLine.quoted(key)): \(String(decoding: value, as: UTF8.self))".printable
  }
}

/// How long a change is made again and again, on bytes that others keep changing.
struct Patience {
  private let start = MonotonicTime.now()
  private var isFirst = true

  /// At least once, and for 10 s.
  var lasts: Bool {
    mutating get {
      defer { isFirst = false }
      return isFirst || MonotonicTime.now().microseconds(since: start) < StoreClient.patience
    }
  }
}
