/// An option of a schedule's messages, and who says it: the document, or the application where the document says nothing.
package struct SendingOption: Hashable, Sendable {
  /// The document's field, such as `queue`.
  package let field: String
  /// The value as a document writes it; text without quotes.
  package let value: String
  /// The part of the application that says it; nil: the document itself.
  package let source: ApplicationTask.Source?

  /// All options that decide about a document's messages; nil: the document cannot be read.
  ///
  /// A destination that neither says is the daemon's default queue, and is not among them.
  package static func all(_ bytes: [UInt8], context: DocumentContext) -> [SendingOption]? {
    guard let layout = try? DocumentLayout(bytes) else { return nil }
    var reader = DocumentReader(layout: layout, context: context)
    guard let (task, whole) = try? reader.sending(), let own = try? reader.ownOptions() else { return nil }
    let said = values(own)
    let sources = context.application?.sending(task).sources ?? [:]
    return values(whole).map { field, value in
      let isOwn = said.contains { $0.field == field }
      return SendingOption(field: field, value: value, source: isOwn ? nil : sources[field] ?? .default)
    }
  }

  private static func values(_ options: MessageOptions) -> [(field: String, value: String)] {
    var values: [(String, String)] = []
    func add(_ field: String, _ value: String?) { if let value { values.append((field, value)) } }
    if let exchange = options.exchange, let key = options.routingKey {
      add("exchange", exchange)
      add("routing_key", key)
    } else {
      add("queue", options.queue)
    }
    add("priority", options.priority.map { "\($0)" })
    switch options.expires {
    case .after(let length)?: add("expires", DocumentNumber.seconds(length))
    case .at(let date)?: add("expires", date.iso8601)
    case nil: break
    }
    add("time_limit", options.timeLimit)
    add("soft_time_limit", options.softTimeLimit)
    add("ignore_result", options.ignoreResult.map { "\($0)" })
    add("delivery_mode", options.deliveryMode.map { "\($0)" })
    add("shadow", options.shadow)
    return values
  }
}
