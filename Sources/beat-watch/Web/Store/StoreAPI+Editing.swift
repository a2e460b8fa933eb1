import BeatCore
import ReactiveBeat

/// The calls that change documents. They go the same ways as the commands, so that watermarks are treated alike.
extension StoreAPI {
  private static let upcomingOfCheck = 5

  func check(_ call: APICall) throws -> APIAnswer {
    let body = try APIBody(call.body)
    let document = try body.document()
    let id = try body.optionalText("id")
    let name: EntryName
    if let id {
      guard let found = ScheduleID.name(of: id) else {
        throw APIProblem(.badRequest, "id: \(Cut.argument(id)) is no schedule's id")
      }
      name = found
    } else {
      name = EntryName(try body.text("name"))
    }
    let now = try client.time()
    // A document whose name is to be changed with the edit is compared with the one that it was made from.
    let before =
      try id == nil && !client.canHold(name)
      ? StoredDocument(name: name, read: .init(.absent, .absent)) : client.document(name)
    var remarks: [DocumentReview.Remark] = []
    if id == nil {
      if let problem = try ScheduleSelection.problem(ofNew: name, in: client) { remarks.append(.init(.error, problem)) }
      if !before.isAbsent { remarks.append(.init(.error, "there is a schedule of this name already")) }
    }
    let change = ScheduleChange(name: name, before: before, after: document, at: now)
    let preview = change.preview(context)
    remarks += review(change, preview)
    let isUsable = !remarks.contains { $0.level == .error }
    return APIAnswer(
      .object([
        ("is_usable", .boolean(isUsable)), ("remarks", Self.json(remarks, of: document)),
        ("upcoming", Self.json(preview.upcoming(Self.upcomingOfCheck), in: preview.zone ?? .utc)),
        ("words", .text(preview.schedule?.inWords)),
        (
          "difference",
          .list(
            change.changedFields.filter(Self.isChange).map { field in
              .object([("field", .text(field.name)), ("before", .text(field.before)), ("after", .text(field.after))])
            })
        ),
      ]))
  }

  /// Whether a field says something else. Another spelling of the same is no difference to show.
  private static func isChange(_ field: ScheduleChange.ChangedField) -> Bool {
    guard let before = field.before, let after = field.after else { return true }
    return !JSONMeaning.isSame(value: Array(before.utf8), Array(after.utf8))
  }

  /// What is to be said of the new document, given the watermark as it stands after the edit.
  private func review(_ change: ScheduleChange, _ preview: SchedulePreview) -> [DocumentReview.Remark] {
    let watermark = preview.kept.map { WatermarkState.read($0) } ?? change.before.read.watermarkState
    return DocumentReview(change.after, context: context, now: change.at, stored: (change.name, watermark)).remarks
  }

  private static func json(_ remarks: [DocumentReview.Remark], of document: [UInt8]) -> JSONOutput {
    let layout = try? DocumentLayout(document)
    return .list(
      remarks.map { remark in
        let key = remark.field.split(separator: ".").first.map(String.init)
        // The line of a text that is no JSON is that of its error; a field that is missing has none.
        let hasLine = layout.map { layout in key.map { layout.value($0) != nil } ?? false } ?? remark.field.isEmpty
        return .object(json(remark) + [("line", hasLine ? .count(remark.line) : .null)])
      })
  }

  /// Throws if the text cannot be used as a document.
  private func refuseUnusable(_ document: [UInt8], over before: StoredDocument) throws {
    let change = ScheduleChange(name: before.name, before: before, after: document, at: try client.time())
    let remarks = review(change, change.preview(context))
    guard let error = remarks.first(where: { $0.level == .error }) else { return }
    throw APIProblem(
      .unprocessable, "the document cannot be used: \(error.content)", [("remarks", Self.json(remarks, of: document))])
  }

  func create(_ call: APICall) throws -> APIAnswer {
    let body = try APIBody(call.body)
    let name = EntryName(try body.text("name"))
    let document = try body.document()
    if let problem = try ScheduleSelection.problem(ofNew: name, in: client) {
      throw APIProblem(.unprocessable, problem, [("remarks", Self.json([.init(.error, problem)], of: document))])
    }
    var patience = Patience()
    while patience.lasts {
      let before = try client.document(name)
      guard before.isAbsent else { throw APIProblem(.conflict, "there is a schedule \(name.brief()) already") }
      try refuseUnusable(document, over: before)
      let change = ScheduleChange(name: name, before: before, after: document, at: try client.time())
      let isStored = try Self.storing {
        try client.save(document, as: name, inPlaceOf: nil, watermark: change.watermark(context))
      }
      guard isStored else { continue }
      refresh([name])
      var trail = trail(call)
      trail.add(change)
      trail.write(to: client)
      return APIAnswer(
        .object([("id", .text(ScheduleID.text(of: name))), ("digest", .text(stamp(stored: document, as: name)))]),
        status: 201)
    }
    throw APIProblem(.conflict, "\(name.brief()) is made and deleted all the time by others")
  }

  func save(_ name: EntryName, _ call: APICall) throws -> APIAnswer {
    let body = try APIBody(call.body)
    let (document, seen) = try (body.document(), body.seen())
    let before = try existing(name)
    _ = try ScheduleChange.bytes(of: before, in: client)
    do {
      // A conflict is told first: remarks about a text that cannot be stored anyhow would hide it.
      if let stored = before.bytes, !seen.isOf(stored, SHA1.digest) { throw EditedDocument.Conflict.changed(stored) }
      try refuseUnusable(document, over: before)
      let change = try Self.storing {
        try EditedDocument.save(over: before, in: client, context: context) { now in
          seen.carried(to: now, into: document, SHA1.digest)
        }
      }
      refresh([name])
      var trail = trail(call)
      trail.add(change)
      trail.write(to: client)
      return APIAnswer(.object([("digest", .text(stamp(stored: change.after, as: name)))]))
    } catch let conflict as EditedDocument.Conflict {
      switch conflict {
      case .deleted: throw APIProblem(.notFound, "somebody else has deleted \(name.brief()) meanwhile")
      case .changed(let stored): throw Self.conflict(name, stored)
      case .restless: throw APIProblem(.conflict, "\(name.brief()) runs all the time: disable it first")
      }
    }
  }

  /// Carries out a save. What this kind of store cannot hold is the document's fault.
  private static func storing<Value>(_ save: () throws -> Value) throws -> Value {
    do { return try save() } catch let error as StoreError where error.kind == .unsuitable {
      throw APIProblem(.unprocessable, error.message)
    }
  }

  /// The stamp of a document that was just stored. A store that keeps values and no text spells them in its own way, so
  /// that the document is read again. If another client has edited it since, the stamp is that of the bytes that were
  /// sent, and the next save is a conflict.
  private func stamp(stored bytes: [UInt8], as name: EntryName) -> String {
    let now = try? client.document(name).bytes
    let ignored = Set(Bookkeeping.fields)
    // In some stores the name stands in the document.
    let isSame = now.map { JSONMeaning.isSame($0, bytes, butFor: ignored.union(["name"])) } ?? false
    return "\(Self.stamp(isSame ? now ?? bytes : bytes))"
  }

  private static func conflict(_ name: EntryName, _ stored: [UInt8]) -> APIProblem {
    APIProblem(
      .conflict, "somebody else has changed \(name.brief()) meanwhile",
      [
        (
          "current",
          .object([
            ("document", .text(String(decoding: stored, as: UTF8.self))), ("digest", .text("\(stamp(stored))")),
          ])
        )
      ])
  }

  func delete(_ name: EntryName, _ call: APICall) throws -> APIAnswer {
    let body = try APIBody(call.body)
    // Some programs between a browser and this one drop the body of a DELETE.
    let seen = try body.seen(orElse: APIParameters(call, known: ["seen"]).text("seen"))
    let document = try existing(name)
    guard let stored = try ScheduleChange.bytes(of: document, in: client) else { return .done }
    guard seen.isOf(stored, SHA1.digest) else { throw Self.conflict(name, stored) }
    let removed = try ScheduleRemoval.remove(document, in: client)
    refresh([name])
    var trail = trail(call, .delete)
    trail.add(name, before: removed)
    trail.write(to: client)
    return .done
  }

  func rename(_ name: EntryName, _ call: APICall) throws -> APIAnswer {
    let new = EntryName(try APIBody(call.body).text("name"))
    if let problem = try ScheduleSelection.problem(ofNew: new, in: client) { throw APIProblem(.unprocessable, problem) }
    switch try client.rename(name, to: new) {
    case .renamed:
      refresh([name, new])
      var trail = trail(call, .rename)
      trail.add(name, to: new)
      trail.write(to: client)
      return APIAnswer(.object([("id", .text(ScheduleID.text(of: new)))]))
    case .gone: throw APIProblem(.notFound, "there is no schedule \(name.brief())")
    case .exists: throw APIProblem(.conflict, "\(new.brief()) is there already: nothing was renamed")
    case .unusable(let content):
      throw APIProblem(.unprocessable, "\(EntryName(client.place(of: name))) \(content.problem)")
    }
  }

  func enable(_ name: EntryName, _ isEnabled: Bool, _ call: APICall) throws -> APIAnswer {
    _ = try APIBody(call.body)
    let change = try enable(name, isEnabled)
    refresh([name])
    var trail = trail(call, isEnabled ? .enable : .disable)
    trail.add(change)
    trail.write(to: client)
    return APIAnswer(.object([("digest", .text(stamp(stored: change.after, as: name)))]))
  }

  func enable(_ name: EntryName, _ isEnabled: Bool) throws -> ScheduleChange {
    try ScheduleChange.make(name, in: client, context: context, fields: ["enabled"], mustBeUsable: false) {
      $0.set("enabled", to: "\(isEnabled)")
    }
  }
}
