@testable import BeatCore

/// What a fire can do without, done as the scripts and commands of `BeatRedis` do it.
extension ModelStore {
  /// The most fields or items that one step of a scan returns.
  static let pageSize = 100

  /// Does what sweep.lua does, for all watermarks in one step.
  mutating func sweep(_ ages: WatermarkAges) -> WatermarkSweepPage {
    var page = WatermarkSweepPage(next: nil, forgotten: 0, fired: [], seen: [])
    for (name, bytes) in contents.watermarks where documents[name] == nil {
      let isRun = !bytes.dropFirst(20).prefix(2).elementsEqual("||".utf8)
      let oldest = isRun ? ages.fired : ages.seen
      if let due = Watermark.due(in: bytes), due >= oldest, due <= ages.latest {
        let minute = due.microseconds / 60_000_000
        if isRun { page.fired.append(minute) } else { page.seen.append(minute) }
      } else {
        contents.watermarks[name] = nil
        page.forgotten += 1
      }
    }
    return page
  }

  /// One step of a scan of these fields, in the order of their texts.
  static func page<Key: Hashable, Value>(
    of all: [Key: Value], sortedBy text: (Key) -> String, after position: ScanPosition?
  ) -> (next: ScanPosition?, found: [(key: Key, value: Value)]) {
    let sorted = all.map { (text: text($0.key), key: $0.key, value: $0.value) }.sorted { $0.text < $1.text }
    let left = sorted.filter { one in position.map { one.text > $0.text } ?? true }
    let found = left.prefix(pageSize)
    var next: ScanPosition?
    if found.count < left.count, let last = found.last?.text {
      next = position.map { $0.advanced(to: last) } ?? ScanPosition(last)
    }
    return (next, found.map { ($0.key, $0.value) })
  }

  // MARK: the application

  mutating func publish(_ manifest: [UInt8]?) {
    contents.application = manifest
    changed(.published)
  }

  // MARK: runs by hand

  mutating func ask(_ request: [UInt8], id: String) {
    contents.requests[id] = request
    changed(.requested)
  }

  /// Invalid requests are removed without an answer, since they do not name a requester.
  mutating func requests(after position: ScanPosition?) -> ManualRequestPage {
    let (next, found) = Self.page(of: contents.requests, sortedBy: { $0 }, after: position)
    var page = ManualRequestPage(next: next, requests: [])
    for (id, bytes) in found {
      if let request = ManualRequest(bytes) {
        page.requests.append((id, request))
      } else {
        contents.requests[id] = nil
      }
    }
    return page
  }

  /// Does what manual.lua does.
  mutating func settle(
    _ request: ManualRequest, id: String, by step: ManualStep, token: String, now: UnixTime
  ) -> ManualOutcome {
    guard !isFenced(token, now: now), contents.requests[id] != nil else { return .over }
    guard now <= request.deadline else {
      contents.requests[id] = nil
      return .over
    }
    var refusal: String?
    switch step {
    case .refuse(let reason): refusal = reason
    case .fire(let plan):
      guard documents[request.entry] == plan.oldDocument else { return .changed }
      refusal = send(plan, token: token, now: now)
      if refusal == nil { contents.answers[id] = "fired \(plan.taskID)" }
    }
    contents.requests[id] = nil
    changed(.requested)
    guard let refusal else { return .fired }
    contents.answers[id] = "refused \(refusal)"
    return .refused(refusal)
  }

  mutating func refuse(_ id: String, because reason: String) {
    contents.requests[id] = nil
    contents.answers[id] = "refused \(reason)"
  }

  // MARK: the outbox

  func outbox(behind skipped: Int, newest: OutboxHandle?, count: Int, bytes: Int) -> OutboxPage {
    let items = contents.outbox
    if let newest, skipped == 0 || items.count < skipped || items[skipped - 1].handle != newest {
      return OutboxPage(count: 0, isMoved: true, items: [])
    }
    var page = OutboxPage(count: items.count, items: [])
    var size = 0
    for item in items.dropFirst(skipped).prefix(count) {
      size += 64 + (item.item?.message.count ?? 0)
      if size > bytes, !page.items.isEmpty { break }
      page.items.append((item.handle, item.item))
    }
    return page
  }

  mutating func removeFromOutbox(_ handle: OutboxHandle) {
    if let place = contents.outbox.firstIndex(where: { $0.handle == handle }) { contents.outbox.remove(at: place) }
  }

  /// Does what setaside.lua does.
  mutating func setAside(_ handle: OutboxHandle, reason: String) -> Bool {
    guard contents.setAside.count < Limit.messagesSetAside.most else { return false }
    guard let place = contents.outbox.firstIndex(where: { $0.handle == handle }) else { return true }
    contents.setAside.append((contents.outbox.remove(at: place).item, reason))
    return true
  }
}

extension ModelStore.Contents {
  /// - Parameter item: nil: something that no daemon has written.
  mutating func wait(_ item: OutboxItem?) {
    waitingCount += 1
    outbox.append(ModelStore.Waiting(handle: OutboxHandle(Array("\(waitingCount)".utf8)), item: item))
  }
}
