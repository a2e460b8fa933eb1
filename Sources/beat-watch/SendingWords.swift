import BeatCore

/// What an application adds to a schedule's messages, in words and for JSON.
enum SendingWords {
  /// Lines such as "queue reports, from the application's routes", for what the document does not say itself.
  static func lines(_ document: StoredDocument, _ context: DocumentContext) -> [String] {
    guard let application = context.application, let options = options(document, context) else { return [] }
    var lines = options.compactMap { option in
      option.source.map { "\(option.field) \(option.value), \($0.words)" }
    }
    let isRouted = options.contains { $0.source == .routes }
    if isRouted, let task = task(document), application.sending(task).isRoutedByFunction {
      let routers = application.routers.isEmpty ? "" : " (\(application.routers.joined(separator: ", ")))"
      lines.append("a router that is a function decided\(routers): with arguments it may say something else")
    }
    return lines
  }

  /// `{"queue": {"value": "reports", "from": "routes"}, …}`; null where no application has published anything.
  static func json(_ document: StoredDocument, _ context: DocumentContext) -> JSONOutput {
    guard context.application != nil, let options = options(document, context) else { return .null }
    return .object(
      options.map { option in
        let source = option.source.map(\.rawValue) ?? "document"
        return (option.field, .object([("value", .text(option.value)), ("from", .text(source))]))
      })
  }

  private static func options(_ document: StoredDocument, _ context: DocumentContext) -> [SendingOption]? {
    document.bytes.flatMap { SendingOption.all($0, context: context) }
  }

  private static func task(_ document: StoredDocument) -> String? {
    document.bytes.flatMap { try? DocumentLayout($0) }?.text("task")
  }
}
