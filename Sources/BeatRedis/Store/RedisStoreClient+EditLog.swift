import BeatCore

/// The record of edits, a stream in the store. An entry has the time in microseconds as `at`, and `EditRecord.fields`.
extension RedisStoreClient {
  package func record(_ edits: [EditRecord]) throws(StoreError) {
    for start in stride(from: 0, to: edits.count, by: StorePage.most) {
      let page = edits[start..<min(start + StorePage.most, edits.count)]
      for reply in try replies(to: page.map(adding)) {
        if let error = reply.error { throw failure(error) }
      }
    }
  }

  private func adding(_ edit: EditRecord) -> RedisCommand {
    var command = RedisCommand("XADD", keys.edits, "MAXLEN", "~", Limit.editRecords.most, "*")
    command.append("at")
    command.append(edit.at.microseconds)
    for (name, value) in edit.fields {
      command.append(name)
      command.append(value)
    }
    return command
  }

  package func walkEdits(since start: UnixTime?, _ take: (EditRecord) -> Bool) throws(StoreError) {
    // An entry's id is not before the time that its author had read on the same clock.
    try walk(back: keys.edits, since: start) { element in
      guard let parts = element.array, parts.count == 2,
        let edit = EditRecord(fields: parts[1].array?.map { $0.bytes ?? [] } ?? []),
        start.map({ edit.at >= $0 }) ?? true
      else { return true }
      return take(edit)
    }
  }
}
