/// What the application says of a document's task: it completes the document's options, and knows whether there is such a
/// task.
extension DocumentReader {
  /// The options with what the document leaves out.
  ///
  /// Throws: the document names no destination, and the daemon cannot send to the application's.
  func completed(_ own: MessageOptions, task: String) throws(DocumentProblem) -> MessageOptions {
    guard let sending = context.application?.sending(task) else { return own }
    if let problem = sending.problem, !own.namesDestination {
      throw DocumentProblem("task", found: "\"\(task)\"", problem)
    }
    return sending.completing(own)
  }

  /// Warns of a task that the application does not have, and of a route that it cannot say.
  mutating func doubtApplication(_ task: String, _ own: MessageOptions) {
    guard let application = context.application else { return }
    let sending = application.sending(task)
    if application.tasks[task]?.isRegistered != true {
      warnings.append(
        "task \(DocumentProblem.excerpt(task.utf8)): the application \(application.name) has no such task, and a worker "
          + "without it discards the message")
    }
    if let unsaid = sending.unsaid, !own.namesDestination {
      warnings.append("no queue is named, and the application cannot say one: \(unsaid)")
    }
    if let serializer = sending.serializer {
      warnings.append(
        "task \(DocumentProblem.excerpt(task.utf8)): the application sends it as \(serializer.beginning(40)), and "
          + "beat-watch as JSON, which the workers must accept (accept_content)")
    }
  }
}
