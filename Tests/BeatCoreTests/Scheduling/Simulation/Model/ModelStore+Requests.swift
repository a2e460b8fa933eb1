@testable import BeatCore

extension ModelStore {
  /// The number of names that one step of a scan looks at.
  private static let scanCount = 300

  /// Carries out a request.
  mutating func execute(
    _ request: ModelConnector.Request, of instance: String, now: UnixTime
  ) -> ModelConnector.Reply {
    if let refusal = refusal(of: request, from: instance) { return refusal }
    switch request {
    case .rehearse: return .rehearsed(.able)
    case .read(let names): return .read(read(names))
    case .putAbsent(let watermarks):
      return .kept(others: watermarks.filter { !anchor($0.name, $0.watermark) }.map(\.name))
    case .replace(let name, .due(let from), let watermark, let token):
      return .replaced(rebase(name, from: from, to: watermark, token: token, now: now))
    case .replace(let name, .bytes(let bytes), let watermark, let token):
      return .replaced(mend(name, from: bytes, to: watermark, token: token, now: now))
    case .commit(let plans, let token): return .committed(plans.map { fire($0, token: token, now: now) })
    case .names(let position): return page(from: position)
    case .beside(let work): return .value(work(&self, now))
    case .heartbeat(let request, let instance, let word):
      return .heartbeatAnswered(beat(request, instance: instance, word: word, now: now))
    case .release(let instance):
      release(instance)
      return .released
    case .switchOn(let word):
      if switchOn() { tell(word) }
      return .switchedOn
    case .probe(let instance):
      probe(instance)
      return .probed(isHeard: hasNotifications)
    }
  }

  private func refusal(of request: ModelConnector.Request, from instance: String) -> ModelConnector.Reply? {
    switch request {
    case .read, .names: return may(instance, .read) ? nil : .refused
    case .heartbeat: return may(instance, .heartbeat) ? nil : .refused
    case .commit(let plans, _):
      return may(instance, .fire) ? nil : .committed(plans.map { _ in .forbidden("NOPERM") })
    case .putAbsent, .replace: return may(instance, .fire) ? nil : .refused
    case .rehearse: return missing[instance] == nil ? nil : .rehearsed(.unable(reason: "NOPERM"))
    case .release, .switchOn, .probe, .beside: return nil
    }
  }

  /// Does what read.lua does.
  func read(_ names: [EntryName]) -> [Scheduler.DocumentRead] {
    var room = Limit.pageLength.most
    var reads: [Scheduler.DocumentRead] = []
    for name in names {
      let read = read(name)
      if case .document(let bytes) = read.content { room -= bytes.count }
      if room < 0, !reads.isEmpty { break }
      reads.append(read)
    }
    return reads
  }

  private func read(_ name: EntryName) -> Scheduler.DocumentRead {
    let content = documents[name].map { document in
      document.count > settings.maximumDocumentLength
        ? Scheduler.DocumentRead.Content.tooLong(document.count) : .document(document)
    }
    return Scheduler.DocumentRead(
      content ?? .absent,
      WatermarkState(contents.watermarks[name].map { Array($0.prefix(Limit.watermarkLength.most + 1)) }))
  }

  /// One step of a scan of the names. A step takes the names of one slot, as a hash table has them; of a long slot it
  /// takes a part.
  private func page(from position: ModelConnector.Place) -> ModelConnector.Reply {
    var (slot, last) = (position.slot, position.last)
    var left = documents.keys.filter { Self.slot(of: $0) == slot }.sorted {
      $0.bytes.lexicographicallyPrecedes($1.bytes)
    }
    if let last { left.removeAll { !last.bytes.lexicographicallyPrecedes($0.bytes) } }
    let found = left.prefix(Self.scanCount)
    if found.count < left.count { last = found.last } else { (slot, last) = (slot + 1, nil) }
    var page = NamePage(next: nil, names: found.filter { !Limit.nameLength.isExceeded(by: $0.bytes.count) })
    for name in found where Limit.nameLength.isExceeded(by: name.bytes.count) { page.ignored.add(name) }
    return .names(page, next: slot < ModelConnector.steps ? ModelConnector.Place(slot: slot, last: last) : nil)
  }

  /// A hash of the name that is the same in each run, unlike `hashValue`.
  private static func slot(of name: EntryName) -> Int {
    name.bytes.reduce(0) { ($0 &* 31 &+ Int($1)) & 0xFFFF } % ModelConnector.steps
  }
}

extension IgnoredNames {
  mutating func add(_ name: EntryName) {
    add(longest: name.bytes.count, head: Array(name.bytes.prefix(Self.headLength)))
  }
}
