/// Writes a document of BSON, member by member.
package struct BSONWriter {
  private(set) var bytes: [UInt8] = [0, 0, 0, 0]

  package init() {}

  /// The document with its length and its last zero.
  package var document: BSONDocument {
    var whole = bytes
    whole.append(0)
    whole.set(Int32(clamping: whole.count), at: 0)
    return BSONDocument(checked: whole)
  }

  package mutating func add(_ name: String, _ value: Int32) {
    begin(.int32, name)
    bytes.add(value)
  }

  package mutating func add(_ name: String, _ value: Int64) {
    begin(.int64, name)
    bytes.add(value)
  }

  package mutating func add(_ name: String, _ value: Double) {
    begin(.double, name)
    bytes.add(Int64(bitPattern: value.bitPattern))
  }

  package mutating func add(_ name: String, _ value: Bool) {
    begin(.bool, name)
    bytes.append(value ? 1 : 0)
  }

  package mutating func add(_ name: String, _ value: String) { add(name, utf8: Array(value.utf8)) }

  package mutating func add(_ name: String, utf8 value: [UInt8]) {
    begin(.string, name)
    bytes.add(Int32(clamping: value.count + 1))
    bytes += value
    bytes.append(0)
  }

  package mutating func add(_ name: String, binary value: [UInt8]) {
    begin(.binary, name)
    bytes.add(Int32(clamping: value.count))
    bytes.append(0)
    bytes += value
  }

  /// - Parameter milliseconds: since 1970.
  package mutating func add(_ name: String, date milliseconds: Int64) {
    begin(.date, name)
    bytes.add(milliseconds)
  }

  package mutating func addNull(_ name: String) { begin(.null, name) }

  package mutating func add(_ name: String, _ value: BSONDocument) {
    begin(.document, name)
    bytes += value.bytes
  }

  package mutating func add(_ name: String, _ body: (inout BSONWriter) -> Void) {
    var inner = BSONWriter()
    body(&inner)
    add(name, inner.document)
  }

  /// An array of documents.
  package mutating func add(_ name: String, array items: [BSONDocument]) {
    var inner = BSONWriter()
    for (index, item) in items.enumerated() { inner.add("\(index)", item) }
    begin(.array, name)
    bytes += inner.document.bytes
  }

  /// A value as it stands in another document.
  package mutating func add(_ name: String, _ value: BSONValue) {
    begin(value.type, name)
    bytes += value.content
  }

  /// A name ends at its first zero, so what follows one cannot be written.
  private mutating func begin(_ type: BSONType, _ name: String) {
    bytes.append(type.rawValue)
    bytes += name.utf8.prefix { $0 != 0 }
    bytes.append(0)
  }
}

extension [UInt8] {
  fileprivate mutating func add(_ value: some FixedWidthInteger) {
    Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
  }

  fileprivate mutating func set(_ value: Int32, at start: Int) {
    Swift.withUnsafeBytes(of: value.littleEndian) { for (index, byte) in $0.enumerated() { self[start + index] = byte } }
  }
}
