/// Makes the message that a run of a schedule would send now, without sending it. The plan's task id and its sender are
/// those of no real run.
package struct RunPreview: Sendable {
  private let taskIDs: TaskIDNamespace
  private let envelope: any MessageEnvelope
  private let sha1: TaskID.SHA1

  /// - Parameters:
  ///   - taskIDs: the namespace of the store's schedules.
  ///   - envelope: the form in which the broker takes messages.
  package init(_ taskIDs: TaskIDNamespace, envelope: any MessageEnvelope, sha1: @escaping TaskID.SHA1) {
    self.taskIDs = taskIDs
    self.envelope = envelope
    self.sha1 = sha1
  }

  /// - Parameters:
  ///   - origin: the sender, as the message names it.
  ///   - now: by the store's clock.
  package func plan(
    of document: StoredDocument, context: DocumentContext, defaultQueue: String, origin: String, now: UnixTime
  ) -> Result<FirePlan, Scheduler.ManualProblem> {
    let request = String(UInt64.random(in: .min ... .max), radix: 16)
    var scheduler = Scheduler(
      SchedulerConfiguration(
        taskIDs: taskIDs, documents: context, defaultQueue: defaultQueue, origin: origin,
        replyTo: TaskID(key: Array(request.utf8), due: now, sha1: sha1).description, sha1: sha1, envelope: envelope))
    _ = scheduler.receive(.loadStarted(.direct), now: now)
    _ = scheduler.receive(.read(document.name, document.read), now: now)
    do throws(Scheduler.ManualProblem) {
      return .success(try scheduler.plan(of: document.name, for: request, now: now))
    } catch { return .failure(error) }
  }
}
