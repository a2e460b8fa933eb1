/// What a Celery application says of how one of its tasks is sent when the sender says nothing itself.
package struct ApplicationTask: Hashable, Sendable {
  package var options = MessageOptions()
  /// Where each option comes from, by the field's name.
  package var sources: [String: Source] = [:]
  /// Why the daemon cannot send the task where the application sends it; nil: it can.
  package var problem: String?
  /// Why the application's routers do not say where the task goes before they know its arguments; nil: they do.
  package var unsaid: String?
  /// How the application would serialize the message; nil: as JSON.
  package var serializer: String?
  /// The application has the task. If it does not, it only knows where it would send it.
  package var isRegistered = true
  /// A router that is a function was asked. It may answer otherwise for other arguments.
  package var isRoutedByFunction = false

  /// The part of the application that says something of a task.
  package enum Source: String, Sendable {
    case routes, task, `default`

    /// A phrase for people.
    package var words: String {
      switch self {
      case .routes: "from the application's routes"
      case .task: "from the application's task"
      case .default: "the application's default"
      }
    }
  }

  package init() {}

  /// What cannot be used of it is a `problem`, and the rest does not count then.
  ///
  /// - Parameter path: where the object stands.
  init(_ slice: JSONSlice, in bytes: [UInt8], path: String, _ context: DocumentContext) {
    do throws(DocumentProblem) {
      try self.init(reading: slice, in: bytes, path: path, context)
    } catch {
      self.init()
      problem = "what the application says of it cannot be used: \(error); name a queue, or publish it mended"
    }
  }

  private init(
    reading slice: JSONSlice, in bytes: [UInt8], path: String, _ context: DocumentContext
  ) throws(DocumentProblem) {
    guard slice.kind == .object else { throw DocumentProblem(path, slice, in: bytes, "expected an object") }
    let layout: DocumentLayout
    do { layout = try DocumentLayout(Array(bytes[slice.range])) } catch {
      throw DocumentProblem(error, in: bytes).inside(path)
    }
    serializer = layout.text("serializer").flatMap { $0 == "json" ? nil : $0 }
    problem = layout.text("problem")
    unsaid = layout.text("unsaid")
    isRegistered = layout.bool("registered") ?? true
    isRoutedByFunction = layout.bool("varies") ?? false
    for member in layout.object("from")?.members ?? [] {
      sources[member.key] = layout.object("from").flatMap { JSONScanner.text(of: member.value, in: $0.bytes) }
        .flatMap { Source(rawValue: $0) }
    }
    do throws(DocumentProblem) {
      var reader = DocumentReader(layout: layout, context: context)
      options = try reader.ownOptions()
      try reader.checkNames(options)
    } catch {
      throw error.inside(path)
    }
  }

  /// A document's options with what the document leaves out.
  ///
  /// The destination is one unit: a document that names a queue or an exchange takes nothing of the application's. With
  /// parts of both, a message could go where neither means it.
  func completing(_ own: MessageOptions) -> MessageOptions {
    var options = own
    if !own.namesDestination {
      options.queue = self.options.queue
      options.exchange = self.options.exchange
      options.routingKey = own.routingKey ?? self.options.routingKey
    }
    options.priority = own.priority ?? self.options.priority
    options.expires = own.expires ?? self.options.expires
    options.timeLimit = own.timeLimit ?? self.options.timeLimit
    options.softTimeLimit = own.softTimeLimit ?? self.options.softTimeLimit
    options.ignoreResult = own.ignoreResult ?? self.options.ignoreResult
    options.shadow = own.shadow ?? self.options.shadow
    options.deliveryMode = own.deliveryMode ?? self.options.deliveryMode
    return options
  }
}

extension MessageOptions {
  /// Whether the destination is decided without the application.
  package var namesDestination: Bool { queue != nil || exchange != nil }
}
