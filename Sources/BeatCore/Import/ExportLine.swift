/// A line of an export: a schedule with its document, which `ImportFile` reads back to the same bytes.
///
/// `{"key": "report", "document": {…}}` where the document is JSON on one line; else the bytes as a JSON text,
/// `{"key": "report", "text": "…"}`, also where it holds what a terminal would not show; and in Base64 where a name or a document is no UTF-8, `"key_base64"`,
/// `"document_base64"`. The key is what follows the prefix.
package enum ExportLine {
  package static func text(_ name: EntryName, _ document: [UInt8]) -> [UInt8] {
    var line = DocumentText()
    if let key = String(validating: name.bytes, as: UTF8.self) {
      line.add("key", text: key)
    } else {
      line.add("key_base64", text: Base64.encode(name.bytes))
    }
    if isPlain(document) {
      line.add("document", json: document)
    } else if let text = String(validating: document, as: UTF8.self) {
      line.add("text", text: text)
    } else {
      line.add("document_base64", text: Base64.encode(document))
    }
    return line.document
  }

  /// JSON on one line that every reader takes, and that can be shown as it is.
  private static func isPlain(_ document: [UInt8]) -> Bool {
    guard !document.contains(UInt8(ascii: "\n")), !document.contains(UInt8(ascii: "\r")),
      let (members, range) = try? JSONScanner.document(document), range == document.indices
    else { return false }
    return !members.contains { $0.value.holdsShellCall } && !holdsPythonNumber(document)
      && !JSONLine.holdsUnseen(String(decoding: document, as: UTF8.self))
  }

  /// `NaN` or `Infinity`, which Python writes and most other readers refuse; also where the word stands in a text.
  private static func holdsPythonNumber(_ document: [UInt8]) -> Bool {
    guard document.contains(UInt8(ascii: "N")) || document.contains(UInt8(ascii: "I")) else { return false }
    let text = String(decoding: document, as: UTF8.self)
    return text.contains("NaN") || text.contains("Infinity")
  }

  /// The schedule of a line; nil if the line is not one of an export.
  static func schedule(_ record: DocumentLayout) -> ImportedSchedule? {
    guard record.value("key") != nil || record.value("key_base64") != nil else { return nil }
    let document: [UInt8]?
    if let slice = record["document"], slice.kind == .object {
      document = Array(record.bytes[slice.range])
    } else if let text = record.utf8("text") {
      document = text
    } else {
      document = record.text("document_base64").flatMap { Base64.decode($0) }
    }
    let name = record.utf8("key") ?? record.text("key_base64").flatMap { Base64.decode($0) }
    guard let name, let document else { return nil }
    return ImportedSchedule(name: EntryName(name), document: document)
  }
}
