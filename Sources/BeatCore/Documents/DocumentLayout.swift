/// A schedule document as text, with the places of its top-level fields: what is read is found here, and what is
/// written back is spliced in here, so that every other byte stays.
struct DocumentLayout {
  let bytes: [UInt8]
  let members: [JSONMember]
  private let range: Range<Int>

  init(_ bytes: [UInt8]) throws(JSONError) {
    self.bytes = bytes
    (members, range) = try JSONScanner.document(bytes)
  }

  /// The value that counts for `key` (the last one, as in Python); nil if absent. `null` is a value here.
  func value(_ key: String) -> JSONSlice? { members.last { $0.key == key }?.value }

  /// As `value`, but `null` is as good as absent.
  subscript(key: String) -> JSONSlice? { value(key).flatMap { $0.kind == .null ? nil : $0 } }

  func bool(_ key: String) -> Bool? {
    guard let slice = self[key], slice.kind == .bool else { return nil }
    return bytes[slice.range.lowerBound] == UInt8(ascii: "t")
  }

  /// The document after a fire: `last_run_at` and `total_run_count` advanced, in the form in which they were written,
  /// and added in the style of the last field where they were absent. `run_immediately` goes back to false, as
  /// celerybeat-mongo does it.
  func fired(due: UnixTime, count: Int64) -> [UInt8] { bookkeeping(due: due, count: count).applied(to: bytes) }

  /// What `fired` replaces and adds.
  func bookkeeping(due: UnixTime, count: Int64) -> Splice {
    var splice = Splice()
    var added: [UInt8] = []
    func write(_ key: String, _ old: JSONSlice?, _ text: [UInt8]) {
      if let old { return splice.replace(old.range, with: text) }
      added.append(",\(leadingSpace)\"\(key)\"\(isCompact ? ":" : ": ")")
      added += text
    }
    let date = value("last_run_at")
    let dateForm = date.flatMap { DocumentDate.Form($0, in: bytes) } ?? .typed(spaced: !isCompact)
    write("last_run_at", date, DocumentDate.utf8(due, in: dateForm))
    let number = value("total_run_count")
    let numberForm = number.flatMap { DocumentNumber.Form($0, in: bytes) }
    write("total_run_count", number, DocumentNumber.utf8(count, in: numberForm))
    if let flag = value("run_immediately"), bool("run_immediately") == true {
      splice.replace(flag.range, with: "false")
    }
    if !added.isEmpty, let last = members.last {
      splice.replace(last.value.range.upperBound..<last.value.range.upperBound, with: added)
    }
    return splice
  }

  /// The white space before the last key: a document of one line continues on its line, an indented one in its column.
  private var leadingSpace: String {
    guard let last = members.last else { return " " }
    let before = bytes[range.lowerBound..<last.keyRange.lowerBound]
    let space = before.reversed().prefix { [0x20, 0x0A, 0x0D, 0x09].contains($0) }
    if members.count == 1, space.isEmpty { return isCompact ? "" : " " }
    return String(decoding: space.reversed(), as: UTF8.self)
  }

  /// No space between a key's colon and its value.
  private var isCompact: Bool {
    guard let last = members.last, last.value.range.lowerBound > 0 else { return false }
    return bytes[last.value.range.lowerBound - 1] == UInt8(ascii: ":")
  }
}
