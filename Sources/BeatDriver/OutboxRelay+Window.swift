import BeatCore

/// What becomes of the items of one window.
extension OutboxRelay {
  func relay(_ window: RelayWindow, to destinations: [Destination]) {
    guard !window.isStale(at: surroundings.bootTime) else { return receive(.outdated(isMoved: false)) }
    var rest = destinations[...]
    window.open = 1
    for (index, entry) in window.page.items.enumerated() {
      guard let item = entry.item else {
        let start = Array(entry.handle.bytes.prefix(100))
        window.hold(index)
        complain(about: Lane(start), nil, "an item of the outbox is not ours; take it out (LREM): \(EntryName(start))")
        continue
      }
      guard let destination = rest.popFirst() else { break }
      if let reason = impossible[item.taskID] {
        window.open += 1
        setAside(item, at: index, destination.lanes, because: reason, window)
      } else if let problem = destination.problem {
        complain(about: destination.lanes.first, item, problem)
        hold(index, destination.lanes, window)
      } else if walk.blocks(destination.lanes) {
        hold(index, destination.lanes, window)
      } else {
        let predecessors = window.put(item.taskID, in: destination.lanes)
        publish(item, at: index, to: destination, after: predecessors, window)
      }
    }
    closeOne(of: window)
  }

  private func publish(
    _ item: OutboxItem, at index: Int, to destination: Destination, after predecessors: [TaskID], _ window: RelayWindow
  ) {
    window.open += 1
    repeats?.begins(item.taskID)
    let session = session
    publisher.publish(item, to: destination, after: predecessors) { [weak self] outcome in
      guard let self, session == self.session else { return }
      switch outcome {
      case .delivered, .duplicate:
        window.relayed += 1
        if outcome == .duplicate { window.duplicates += 1 }
        // A publisher that knows the message has not sent it again.
        if let cause = repeats?.delivered(item.taskID), outcome == .delivered { possibleRepeats.add(item, cause) }
        if let lane = destination.lanes.first {
          complaints.delivered(to: lane)
          if walk.wasBlocked(lane) { window.hasFreed = true }
          walk.delivered(to: lane)
        }
        return remove(item, at: index, window)
      case .tooSoon:
        repeats?.refused(item.taskID)
        hold(index, destination.lanes, window)
      case .refused(let reason):
        repeats?.refused(item.taskID)
        complain(about: destination.lanes.first, item, reason)
        hold(index, destination.lanes, window)
      case .unable(let reason):
        repeats?.refused(item.taskID)
        complain(about: destination.lanes.first, item, reason)
        hold(index, destination.lanes, window, isServerAtFault: true)
      case .uncertain(let reason):
        if let cause = repeats?.uncertain(item.taskID) { possibleRepeats.add(item, cause) }
        complain(about: destination.lanes.first, item, reason)
        hold(index, destination.lanes, window)
      case .impossible(let reason):
        repeats?.refused(item.taskID)
        return setAside(item, at: index, destination.lanes, because: reason, window)
      case .notSent:
        repeats?.refused(item.taskID)
        hold(index, destination.lanes, window, isServerAtFault: true)
      case .unknown:
        return  // `.lost` follows
      }
      closeOne(of: window)
    }
  }

  private func remove(_ item: OutboxItem, at index: Int, _ window: RelayWindow) {
    let session = session
    outbox?.remove(window.page.items[index].handle) { [weak self] result in
      guard let self, session == self.session else { return }
      switch result {
      case .success:
        window.left += 1
        gauge.left(window.page.items[index].handle, at: surroundings.bootTime)
        repeats?.left(item.taskID)
        publisher.forgotten(item)
      case .failure(let refusal):
        guard refusal.kind != .lost else { return }
        window.hold(index)
        complain(about: nil, item, "it was delivered and cannot be taken out of the outbox: \(refusal.text)")
      }
      closeOne(of: window)
    }
  }

  /// Takes a message out of the way of the others.
  private func setAside(
    _ item: OutboxItem, at index: Int, _ lanes: [Lane], because reason: String, _ window: RelayWindow
  ) {
    func stays(_ obstacle: String) {
      impossible.note(item.taskID, reason)
      complain(
        about: ImpossibleMessages.lane(of: item.taskID), item,
        "it can never be delivered (\(reason)), and it stays in the outbox: \(obstacle)")
      window.hold(index)
      if let lane = lanes.first { walk.pass(in: lane) }
      closeOne(of: window)
    }
    guard !impossible.isPlaceFull else { return stays(Self.fullPlace) }
    let session = session
    outbox?.setAside(window.page.items[index].handle, reason: reason) { [weak self] result in
      guard let self else { return }
      // A message that ends the connection is told of before the connection's end, and set aside after it.
      if case .success(true) = result {
        gauge.left(window.page.items[index].handle, at: surroundings.bootTime)
        impossible.left(item.taskID)
        repeats?.left(item.taskID)
        complaints.delivered(to: ImpossibleMessages.lane(of: item.taskID))
        publisher.forgotten(item)
        handle(.setAside(item, reason: reason))
      }
      guard session == self.session else { return }
      switch result {
      case .success(true):
        window.left += 1
        closeOne(of: window)
      case .success(false):
        impossible.isPlaceFull = true
        stays(Self.fullPlace)
      case .failure(let refusal):
        if refusal.kind != .lost { stays("it cannot be set aside: \(refusal.text)") }
      }
    }
  }

  private static let fullPlace =
    "\(Plural.of(Limit.messagesSetAside.most, "message")) are set aside already, or something else is in their place "
    + "(`beat-watch doctor` tells)"

  private func hold(_ index: Int, _ lanes: [Lane], _ window: RelayWindow, isServerAtFault: Bool = false) {
    window.hold(index)
    walk.block(lanes, isServerAtFault: isServerAtFault)
  }

  private func closeOne(of window: RelayWindow) {
    window.open -= 1
    guard window.open == 0 else { return }
    let (count, items) = (window.page.count, window.page.items.count)
    let waiting = count - window.left
    let isLast = walk.deferred + items >= count
    walk.passed(items, deferred: window.deferred, newest: window.newestDeferred, isLast: isLast)
    let part = RelayPace.Part(
      hasDeferred: window.deferred > 0, walkHasDeferred: walk.deferred > 0, isLast: isLast,
      hasFreed: window.hasFreed)
    if waiting == 0 { repeats?.outboxIsEmpty() }
    handle(.walked(waiting: isBlocked ? nil : walk.deliverable(of: waiting)))
    if wasFull, !walk.isFull { handle(.unblocked) }
    wasFull = walk.isFull
    if complaint != nil, !isBlocked {
      complaint = nil
      handle(.brokerBack(waiting: waiting))
    }
    if window.relayed > 0 || window.left > 0 {
      handle(.relayed(count: window.relayed, duplicates: window.duplicates, waiting: waiting))
    }
    reportRepeats()
    receive(.partDone(part))
  }
}
