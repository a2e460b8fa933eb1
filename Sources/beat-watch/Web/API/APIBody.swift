import BeatCore

/// The body of a call: one JSON object.
struct APIBody {
  /// Bytes. The longest document fits in with each of its characters escaped.
  static let mostBytes = 6 * Limit.documentLength.most + 65_536

  private let layout: DocumentLayout

  /// Throws: the body is too long, or no JSON object. An empty body counts as `{}`.
  init(_ bytes: [UInt8]) throws(APIProblem) {
    guard bytes.count <= Self.mostBytes else {
      throw APIProblem(
        .tooLarge, "the body has \(Plural.of(bytes.count, "byte")), and at most \(Self.mostBytes) are allowed")
    }
    do { layout = try DocumentLayout(bytes.isEmpty ? Array("{}".utf8) : bytes) } catch {
      throw APIProblem(.badRequest, "the body is \(DocumentProblem(error, in: bytes).message)")
    }
  }

  /// The text of a member, which may be absent or null.
  func optionalText(_ key: String) throws(APIProblem) -> String? {
    guard let slice = layout[key] else { return nil }
    // A lone half of a surrogate pair has no text.
    guard let text = layout.text(key), slice.kind == .string else {
      throw APIProblem(.badRequest, "\(key): expected text in double quotes")
    }
    return text
  }

  func text(_ key: String) throws(APIProblem) -> String {
    guard let text = try optionalText(key) else { throw APIProblem(.badRequest, "\(key) is missing") }
    return text
  }

  /// The document of a member, as the bytes that are to be stored.
  func document() throws(APIProblem) -> [UInt8] {
    guard let slice = layout["document"] else { throw APIProblem(.badRequest, "document is missing") }
    guard slice.kind == .string, let bytes = JSONScanner.utf8(of: slice, in: layout.bytes) else {
      throw APIProblem(.badRequest, "document: expected the document's text in double quotes")
    }
    let document = Array(bytes)
    guard !document.isEmpty else { throw APIProblem(.badRequest, "document is empty") }
    guard !Limit.documentLength.isExceeded(by: document.count) else {
      throw APIProblem(.tooLarge, "the document \(Limit.documentLength.excess(document.count))")
    }
    return document
  }

  /// The stamp of the document that the caller has seen.
  func seen(orElse query: String? = nil) throws(APIProblem) -> DocumentStamp {
    guard let text = try optionalText("seen") ?? query else {
      throw APIProblem(.badRequest, "seen is missing: the digest of the document that was read")
    }
    guard let stamp = DocumentStamp(text) else {
      throw APIProblem(.badRequest, "seen: \(Cut.argument(text)) is no digest of this API")
    }
    return stamp
  }

  func texts(_ key: String, atMost most: Int) throws(APIProblem) -> [String] {
    guard let slice = layout[key], slice.kind == .array else {
      throw APIProblem(.badRequest, "\(key): expected a list of texts")
    }
    let items = JSONScanner.items(of: slice, in: layout.bytes)
    guard items.count <= most else {
      throw APIProblem(.badRequest, "\(key) has \(Plural.of(items.count, "item")), and at most \(most) are allowed")
    }
    var texts: [String] = []
    for item in items {
      guard let text = JSONScanner.text(of: item, in: layout.bytes) else {
        throw APIProblem(.badRequest, "\(key): expected a list of texts")
      }
      texts.append(text)
    }
    return texts
  }
}
