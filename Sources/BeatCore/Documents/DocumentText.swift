/// A schedule document put together field by field, in the style of Python's `json.dumps`.
struct DocumentText {
  private var bytes: [UInt8] = []

  var document: [UInt8] { [UInt8(ascii: "{")] + bytes + [UInt8(ascii: "}")] }

  /// - Parameter json: a value as JSON.
  mutating func add(_ key: String, json: some Sequence<UInt8>) {
    if !bytes.isEmpty { bytes += ", ".utf8 }
    bytes += (JSONLine.quoted(key) + ": ").utf8
    bytes += json
  }

  mutating func add(_ key: String, json: String) { add(key, json: json.utf8) }

  mutating func add(_ key: String, text: String) { add(key, json: JSONLine.quoted(text)) }

  mutating func add(_ key: String, date: UnixTime) {
    add(key, json: DocumentDate.text(date, in: .typed(spaced: true)))
  }

  /// The same value of another text, byte for byte; nothing where it is absent.
  mutating func add(_ key: String, _ slice: JSONSlice?, in source: [UInt8]) {
    if let slice { add(key, json: source[slice.range]) }
  }
}

extension DocumentLayout {
  /// The object that a value is, by itself; nil if it is none.
  package func object(_ key: String) -> DocumentLayout? {
    guard let slice = self[key], slice.kind == .object else { return nil }
    return try? DocumentLayout(Array(bytes[slice.range]))
  }

  /// The text of a field; nil if it is absent, null or not text.
  package func text(_ key: String) -> String? { self[key].flatMap { JSONScanner.text(of: $0, in: bytes) } }

  /// The same, byte for byte.
  func utf8(_ key: String) -> [UInt8]? { self[key].flatMap { JSONScanner.utf8(of: $0, in: bytes) }.map { Array($0) } }

  func number(_ key: String) -> DocumentNumber? { self[key].flatMap { DocumentNumber($0, in: bytes) } }
}
