import BeatCore
import ReactiveBeat

/// The edits of one command, or of one call of the page, which are recorded together when it is done. Of more than `Limit.editsTogether` one record
/// says how many they are.
struct EditTrail {
  private let author: EditAuthor
  private let action: EditAction?
  private var edits: [EditRecord] = []
  private var names: [EntryName] = []
  private var count = 0

  /// - Parameter action: what the command does; nil: it creates or changes.
  init(_ action: EditAction? = nil, by author: EditAuthor = .commandLine) {
    (self.action, self.author) = (action, author)
  }

  /// Adds a change that was stored.
  mutating func add(_ change: ScheduleChange, isDry: Bool = false) {
    guard !isDry, !change.isNone else { return }
    add(change.name) { author, action in author.record(of: change, as: action) }
  }

  /// Adds another edit, with the bytes that were deleted or stored.
  mutating func add(
    _ name: EntryName, to newName: EntryName? = nil, before: [UInt8]? = nil, after: [UInt8]? = nil, note: String? = nil
  ) {
    add(name) { author, action in
      author.record(
        action ?? .change, name, to: newName, at: UnixTime(microseconds: 0), before: before, after: after, note: note)
    }
  }

  private mutating func add(_ name: EntryName, _ record: (EditAuthor, EditAction?) -> EditRecord?) {
    count += 1
    if names.count < 3 { names.append(name) }
    guard !Limit.editsTogether.isExceeded(by: count), let record = record(author, action) else { return }
    edits.append(record)
  }

  /// Records them. Where that fails the edits stand all the same, and a note says that they are not recorded.
  func write(to client: any StoreEditor) {
    guard count > 0 else { return }
    do throws(StoreError) {
      let now = try client.time()
      var edits = edits
      if Limit.editsTogether.isExceeded(by: count) {
        let some = names.map(\.description).joined(separator: ", ")
        edits = [
          author.record(
            action ?? .change, nil, at: now, note: "\(Plural.of(count, "schedule")), \(some) first")
        ]
      }
      for index in edits.indices { edits[index].at = now }
      try client.record(edits)
    } catch {
      HealthNote.writeUnrecorded(error, client.terms)
    }
  }
}
