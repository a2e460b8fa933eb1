/// Writes a document of BSON, member by member. It takes time in proportion to what is written, whatever its depth.
package struct BSONWriter: Sendable {
  private(set) var bytes: [UInt8] = [0, 0, 0, 0]

  package init() {}

  /// The document with its length and its last zero.
  package var document: BSONDocument {
    var whole = self
    whole.close(0)
    return BSONDocument(checked: whole.bytes)
  }

  // MARK: numbers and texts

  package mutating func add(_ name: String, _ value: Int32) {
    begin(.int32, name)
    append(value)
  }

  package mutating func add(_ name: String, _ value: Int64) {
    begin(.int64, name)
    append(value)
  }

  package mutating func add(_ name: String, _ value: Double) {
    begin(.double, name)
    append(value.bitPattern)
  }

  package mutating func add(_ name: String, _ value: BSONDecimal) {
    begin(.decimal, name)
    append(value.low)
    append(value.high)
  }

  package mutating func add(_ name: String, _ value: Bool) {
    begin(.bool, name)
    bytes.append(value ? 1 : 0)
  }

  package mutating func add(_ name: String, _ value: String) { add(name, utf8: value.utf8) }

  package mutating func add(_ name: String, utf8 value: some Collection<UInt8>) { add(name, .string, value) }

  package mutating func addNull(_ name: String) { begin(.null, name) }

  // MARK: other types

  /// - Parameter subtype: what the bytes mean; 0: they are bytes. Those of subtype 2 begin with their length.
  package mutating func add(_ name: String, binary value: some Collection<UInt8>, subtype: UInt8 = 0) {
    begin(.binary, name)
    append(Int32(clamping: value.count))
    bytes.append(subtype)
    bytes += value
  }

  /// - Parameter milliseconds: since 1970.
  package mutating func add(_ name: String, date milliseconds: Int64) {
    begin(.date, name)
    append(milliseconds)
  }

  /// - Parameter value: twelve bytes; others become zeros, or are left out.
  package mutating func add(_ name: String, objectID value: some Collection<UInt8>) {
    begin(.objectID, name)
    append(objectID: value)
  }

  package mutating func add(_ name: String, seconds: UInt32, increment: UInt32) {
    begin(.timestamp, name)
    append(increment)
    append(seconds)
  }

  package mutating func add(_ name: String, pattern: String, options: String) {
    begin(.regex, name)
    append(upToZero: pattern)
    append(upToZero: options)
  }

  package mutating func add(_ name: String, code: String) { add(name, .code, code.utf8) }

  package mutating func add(_ name: String, symbol: String) { add(name, .symbol, symbol.utf8) }

  package mutating func add(_ name: String, code: String, scope: BSONDocument) {
    begin(.scopedCode, name)
    let start = open()
    append(text: code.utf8)
    bytes += scope.bytes
    setLength(at: start)
  }

  package mutating func add(_ name: String, collection: String, objectID value: some Collection<UInt8>) {
    begin(.pointer, name)
    append(text: collection.utf8)
    append(objectID: value)
  }

  package mutating func addUndefined(_ name: String) { begin(.undefined, name) }

  package mutating func addMinKey(_ name: String) { begin(.minKey, name) }

  package mutating func addMaxKey(_ name: String) { begin(.maxKey, name) }

  // MARK: documents, arrays, copies

  package mutating func add(_ name: String, _ value: BSONDocument) {
    begin(.document, name)
    bytes += value.bytes
  }

  /// A document of what `body` adds.
  package mutating func add<Problem: Error>(
    _ name: String, _ body: (inout BSONWriter) throws(Problem) -> Void
  ) throws(Problem) {
    begin(.document, name)
    let start = open()
    try body(&self)
    close(start)
  }

  /// An array. `item` adds one value for each item, under the name that it is given: the item's number.
  package mutating func add<Items: Sequence, Problem: Error>(
    _ name: String, array items: Items,
    item: (inout BSONWriter, _ name: String, Items.Element) throws(Problem) -> Void
  ) throws(Problem) {
    begin(.array, name)
    let start = open()
    for (index, value) in items.enumerated() { try item(&self, "\(index)", value) }
    close(start)
  }

  /// An array of documents.
  package mutating func add(_ name: String, array items: [BSONDocument]) {
    add(name, array: items) { $0.add($1, $2) }
  }

  /// A value as it stands in another document.
  package mutating func add(_ name: String, _ value: BSONValue) {
    begin(value.type, name)
    bytes += value.content
  }

  /// A member as it stands in another document, whatever the bytes of its name.
  package mutating func add(_ member: BSONMember) {
    bytes.append(member.value.type.rawValue)
    bytes += member.nameBytes
    bytes.append(0)
    bytes += member.value.content
  }

  // MARK: bytes

  private mutating func begin(_ type: BSONType, _ name: String) {
    bytes.append(type.rawValue)
    append(upToZero: name)
  }

  /// Such a text ends at its first zero, so what follows one cannot be written.
  private mutating func append(upToZero text: String) {
    bytes += text.utf8.prefix { $0 != 0 }
    bytes.append(0)
  }

  private mutating func add(_ name: String, _ type: BSONType, _ text: some Collection<UInt8>) {
    begin(type, name)
    append(text: text)
  }

  private mutating func append(text: some Collection<UInt8>) {
    append(Int32(clamping: text.count + 1))
    bytes += text
    bytes.append(0)
  }

  private mutating func append(objectID value: some Collection<UInt8>) {
    bytes += value.prefix(12)
    for _ in value.prefix(12).count..<12 { bytes.append(0) }
  }

  private mutating func append(_ value: some FixedWidthInteger) {
    Swift.withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
  }

  /// Room for a length that is not yet known.
  private mutating func open() -> Int {
    append(Int32(0))
    return bytes.count - 4
  }

  private mutating func close(_ start: Int) {
    bytes.append(0)
    setLength(at: start)
  }

  private mutating func setLength(at start: Int) {
    let length = Int32(clamping: bytes.count - start)
    for index in 0..<4 { bytes[start + index] = UInt8(truncatingIfNeeded: length >> (8 * Int32(index))) }
  }
}
