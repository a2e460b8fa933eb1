import BeatCore

/// Examines the documents, and collects the queues they lead to.
extension Doctor {
  /// How many schedules of one kind are named.
  static let named = 5

  func examineDocuments() throws {
    let now = try store.time()
    let names = try store.names()
    if let ignored = store.ignoredNames {
      add(.warning, "documents", ignored, fix: "find out who writes there, and delete these \(store.terms.items)")
    }
    typealias Remark = (text: String, fix: String)
    let inLog = "look for `deferred` and this name in the log of the daemon that fires"
    var (rejected, doubtful, overdue): ([Remark], [Remark], [Remark]) = ([], [], [])
    var routes: [Route: [EntryName]] = [:]
    var survey = DueSurvey()
    let context = dueContext
    try store.eachDocument(names) { [self] document in
      guard !document.isAbsent else { return }
      let preview = SchedulePreview(document.name, document.read, context: context, now: now)
      survey.add(preview)
      if case .rejected(let reason) = preview.state {
        return rejected.append(("\(document.name): \(reason)", mending(document)))
      }
      doubtful += preview.warnings.map { ("\(document.name): \($0)", mending(document)) }
      guard case .enabled = preview.state else { return }
      if let since = preview.overdueSince, now.microseconds(since: since) > FiringHealth.patience {
        overdue.append(("\(document.name) is overdue since \(TimeWords.short(since))", inLog))
      }
      if let bytes = document.bytes, let definition = try? ScheduleDocument(bytes, context: context).definition {
        routes[Route(definition.options, defaultQueue: defaultQueue), default: []].append(document.name)
      }
    }
    func tell(_ level: Finding.Level, _ what: String, _ list: [Remark], _ fix: String) {
      for remark in list.prefix(Self.named) { add(level, "documents", remark.text, fix: remark.fix) }
      if list.count > Self.named { add(level, "documents", "and \(list.count - Self.named) more \(what)", fix: fix) }
    }
    tell(.problem, "that cannot be used", rejected, "`beat-watch lint` shows all that is wrong")
    tell(.warning, "that look doubtful", doubtful, "`beat-watch lint` shows all that is wrong")
    if isFiring { tell(.problem, "that are overdue", overdue, inLog) }
    if let doubt = store.doubt(names) {
      add(
        .warning, "prefixes", doubt.words,
        fix: doubt.probable.bytes.isEmpty
          ? "the prefix as the schedules' keys begin with it" : "--key-prefix \(ShellWords.quoted("\(doubt.probable)"))"
      )
    }
    if survey.count == 0 {
      let others = try store.neighbours()
      add(
        .warning, "documents",
        others.isEmpty
          ? "no schedule stands \(store.terms.within) \(EntryName(store.prefix)) in \(store.name)"
          : HealthNote.neighbours(others, store),
        fix: others.first.map { store.terms.option(for: $0) }
          ?? specialist.remedy(for: .empty)
          + "; schedules of an application's code: python -m reactivebeat publish -A APPLICATION")
    } else if rejected.isEmpty, doubtful.isEmpty {
      add(.ok, "documents", "\(Plural.of(survey.count, "schedule")), all understood")
    }
    try examineFiring(survey)
    if let broker = specialist.broker { try examineQueues(routes, on: broker) }
  }

  /// How to repair a document: by `edit`, if `edit` can read it.
  private func mending(_ document: StoredDocument) -> String {
    document.bytes == nil
      ? specialist.remedy(for: .unreadable(document.name)) : ShellWords.command("edit", document.name)
  }
}
