/// What `mongoexport` or a mongo shell prints of a document: Extended JSON also where a value reaches a worker.
enum MongoExport {
  /// The fields whose values reach the worker.
  private static let sent = ["args", "kwargs", "headers"]

  /// The document with the values for the worker as JSON; all other bytes stay.
  static func plain(_ record: DocumentLayout) throws(ImportRefusal) -> [UInt8] {
    var fields = sent.compactMap { field in record[field].map { (field, $0) } }
    if let options = record["options"], options.kind == .object {
      for member in JSONScanner.members(of: options, in: record.bytes) where member.key == "headers" {
        fields.append(("options.headers", member.value))
      }
    }
    var splice = Splice()
    for (field, slice) in fields {
      let plain = try ExtendedJSON.plain(slice, in: record.bytes, field: field)
      if !plain.elementsEqual(record.bytes[slice.range]) { splice.replace(slice.range, with: plain) }
    }
    return splice.applied(to: record.bytes)
  }
}
