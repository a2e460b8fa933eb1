/// Why a document is set aside: where in it, what stands there, and what would be right.
package struct DocumentProblem: Error, Hashable, Sendable, CustomStringConvertible {
  /// Path of the field, such as `interval.period`; empty for the document as a whole.
  package var field: String
  /// What stands there, shortened; empty if nothing does.
  package var found: String
  package var message: String

  package init(_ field: String, found: String = "", _ message: String) {
    self.field = field
    self.found = found
    // It may quote the document, which must not forge a log line, or fill it.
    self.message = message.beginning(Limit.reasonLength.most).printable
  }

  init(_ field: String, _ slice: JSONSlice, in bytes: [UInt8], _ message: String) {
    let excess = DocumentNumber.excess(slice, in: bytes).map { "; it \($0)" } ?? ""
    self.init(field, found: Self.excerpt(bytes[slice.range]), message + excess)
  }

  package init(_ error: JSONError, in bytes: [UInt8]) {
    let before = bytes.prefix(error.offset)
    let line = before.count { $0 == 0x0A } + 1
    // Counted in characters, as editors do: the first byte of each is none of UTF-8's continuation bytes.
    let column = before[(before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0)...].count { $0 & 0xC0 != 0x80 } + 1
    self.init("", "not a readable document, line \(line) column \(column): \(error.message)")
  }

  /// The same problem of an object that stands at `path`.
  func inside(_ path: String) -> DocumentProblem {
    var problem = self
    problem.field = field.isEmpty ? path : "\(path).\(field)"
    return problem
  }

  /// One line, such as `interval.period "minuts": expected one of …`.
  package var description: String {
    let place = [field, found].filter { !$0.isEmpty }.joined(separator: " ")
    return place.isEmpty ? message : "\(place): \(message)"
  }

  /// At most 60 characters on one line, with nothing that could forge a log line.
  package static func excerpt(_ bytes: some Collection<UInt8>) -> String {
    // 60 characters of at most four bytes each, and one more to see that there are more.
    let text = String(decoding: bytes.prefix(244), as: UTF8.self).printable
    return text.count > 60 || bytes.count > 244 ? text.prefix(60) + "…" : text
  }
}
