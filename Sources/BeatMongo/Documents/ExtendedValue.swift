import BeatCore

/// Extended JSON in a text, canonical and relaxed, and the constructors of the mongo shell: the types that JSON does not
/// have. (Source: the specification "MongoDB Extended JSON", version 2)
struct ExtendedValue {
  private let slice: JSONSlice
  private let text: [UInt8]
  /// The members of an object, or the one argument of a constructor under the name of the object's first member.
  private let members: [(name: String, value: JSONSlice)]

  init(_ slice: JSONSlice, in text: [UInt8]) {
    self.slice = slice
    self.text = text
    if slice.kind == .object {
      members = JSONScanner.members(of: slice, in: text).map { ($0.key, $0.value) }
    } else if let (name, argument) = JSONScanner.shellCall(slice, in: text), let argument,
      let key = Self.constructors[name]
    {
      members = [(key, argument)]
    } else {
      members = []
    }
  }

  /// The constructors that the daemon reads itself, as numbers and dates, are not among them.
  private static let constructors = ["ObjectId": "$oid", "NumberDecimal": "$numberDecimal", "UUID": "$uuid"]

  /// Adds the value under a name.
  ///
  /// - Returns: false if it is none of these types.
  /// - Throws: if it has a type's name, and is not written as that type is.
  func add(as name: String, to writer: inout BSONWriter) throws(FieldChangesError) -> Bool {
    if let number = DocumentNumber(slice, in: text) { return try add(number, as: name, to: &writer) }
    if slice.kind == .shellCall, let date = DocumentDate(slice, in: text) {
      writer.add(name, date: date.instant.microseconds.flooredQuotient(by: 1_000))
      return true
    }
    guard let first = members.first, Self.types.contains(first.name), hasOnlyParts else { return false }
    guard add(first.name, first.value, as: name, to: &writer) else {
      throw FieldChangesError(
        "", "holds \(DocumentProblem.excerpt(text[slice.range])), which cannot be read as that type")
    }
    return true
  }

  private static let types: Set = [
    "$date", "$oid", "$numberInt", "$numberLong", "$numberDouble", "$numberDecimal", "$binary", "$uuid",
    "$regularExpression", "$timestamp", "$symbol", "$code", "$dbPointer", "$minKey", "$maxKey", "$undefined",
  ]

  /// Whether there is nothing but the type's own members.
  private var hasOnlyParts: Bool {
    switch members.map(\.name) {
    case ["$binary", "$type"], ["$code", "$scope"]: true
    case let names: names.count == 1
    }
  }

  private func add(
    _ number: DocumentNumber, as name: String, to writer: inout BSONWriter
  ) throws(FieldChangesError) -> Bool {
    let type =
      switch number.form {
      case .dollar(let key): key
      case .shellCall(let name, _): name
      case .json: ""
      }
    if type.hasSuffix("Double"), let double = number.double {
      writer.add(name, double)
    } else if type.hasSuffix("Int"), let integer = number.integer.flatMap({ Int32(exactly: $0) }) {
      writer.add(name, integer)
    } else if type.hasSuffix("Long"), let integer = number.integer {
      writer.add(name, integer)
    } else {
      throw FieldChangesError(
        "", "holds \(DocumentProblem.excerpt(text[slice.range])), which cannot be read as that type")
    }
    return true
  }

  /// - Returns: false if the value is not what the type needs.
  private func add(_ type: String, _ value: JSONSlice, as name: String, to writer: inout BSONWriter) -> Bool {
    let added: Void? =
      switch type {
      case "$date": milliseconds(value).map { writer.add(name, date: $0) }
      case "$oid": string(value).flatMap(ObjectIDText.bytes).map { writer.add(name, objectID: $0) }
      case "$numberDecimal": string(value).flatMap { BSONDecimal($0) }.map { writer.add(name, $0) }
      case "$uuid": string(value).flatMap(Self.uuid).map { writer.add(name, binary: $0, subtype: 4) }
      case "$binary": binary(value).map { writer.add(name, binary: $0.bytes, subtype: $0.subtype) }
      case "$symbol": string(value).map { writer.add(name, symbol: $0) }
      case "$minKey": integer(value) == 1 ? writer.addMinKey(name) : nil
      case "$maxKey": integer(value) == 1 ? writer.addMaxKey(name) : nil
      case "$undefined": value.kind == .bool ? writer.addUndefined(name) : nil
      case "$code": code(value, as: name, to: &writer)
      case "$regularExpression":
        parts(value, "pattern", "options").map { pattern, options -> Void? in
          guard let pattern = string(pattern), let options = string(options), !(pattern + options).utf8.contains(0)
          else {
            return nil
          }
          return writer.add(name, pattern: pattern, options: options)
        } ?? nil
      case "$timestamp":
        parts(value, "t", "i").map { seconds, increment -> Void? in
          guard let seconds = integer(seconds), let increment = integer(increment) else { return nil }
          return writer.add(name, seconds: seconds, increment: increment)
        } ?? nil
      case "$dbPointer":
        parts(value, "$ref", "$id").map { collection, id -> Void? in
          guard let collection = string(collection), let member = JSONScanner.members(of: id, in: text).first,
            member.key == "$oid", let bytes = string(member.value).flatMap(ObjectIDText.bytes)
          else { return nil }
          return writer.add(name, collection: collection, objectID: bytes)
        } ?? nil
      default: nil
      }
    return added != nil
  }

  // MARK: parts

  private func string(_ slice: JSONSlice) -> String? {
    JSONScanner.utf8(of: slice, in: text).map { String(decoding: $0, as: UTF8.self) }
  }

  private func integer(_ slice: JSONSlice) -> UInt32? {
    DocumentNumber(slice, in: text)?.integer.flatMap { UInt32(exactly: $0) }
  }

  private func parts(_ slice: JSONSlice, _ first: String, _ second: String) -> (JSONSlice, JSONSlice)? {
    guard slice.kind == .object else { return nil }
    let members = JSONScanner.members(of: slice, in: text)
    guard members.count == 2, let one = members.first(where: { $0.key == first }),
      let other = members.first(where: { $0.key == second })
    else { return nil }
    return (one.value, other.value)
  }

  /// Milliseconds, in any of the forms; those of a number at any distance from today.
  private func milliseconds(_ value: JSONSlice) -> Int64? {
    if let number = DocumentNumber(value, in: text), let whole = Int64(number.text) { return whole }
    return DocumentDate(slice, in: text)?.instant.microseconds.flooredQuotient(by: 1_000)
  }

  /// `{"base64": …, "subType": …}`, or the older form with the type beside it.
  private func binary(_ value: JSONSlice) -> (subtype: UInt8, bytes: [UInt8])? {
    var (base64, subtype) = (string(value), members.first { $0.name == "$type" }.flatMap { string($0.value) })
    if let (first, second) = parts(value, "base64", "subType") { (base64, subtype) = (string(first), string(second)) }
    guard let bytes = base64.flatMap(Base64.decode), let type = subtype.flatMap({ UInt8($0, radix: 16) }) else {
      return nil
    }
    return (type, bytes)
  }

  private func code(_ value: JSONSlice, as name: String, to writer: inout BSONWriter) -> Void? {
    guard let code = string(value) else { return nil }
    guard let scope = members.first(where: { $0.name == "$scope" }) else { return writer.add(name, code: code) }
    guard scope.value.kind == .object else { return nil }
    var inner = BSONWriter()
    let reader = TextReader(text: text)
    guard (try? reader.add(scope.value, as: "", at: .read, stored: nil, to: &inner)) != nil else { return nil }
    return inner.document[""]?.document.map { writer.add(name, code: code, scope: $0) }
  }

  private static func uuid(_ text: String) -> [UInt8]? {
    let digits = text.utf8.filter { $0 != UInt8(ascii: "-") }
    guard digits.count == 32 else { return nil }
    var bytes: [UInt8] = []
    for index in stride(from: 0, to: 32, by: 2) {
      let pair = String(decoding: digits[index..<(index + 2)], as: UTF8.self)
      guard !pair.hasPrefix("+"), let byte = UInt8(pair, radix: 16) else { return nil }
      bytes.append(byte)
    }
    return bytes
  }
}

extension Int64 {
  /// Towards the past.
  fileprivate func flooredQuotient(by divisor: Int64) -> Int64 {
    let (quotient, rest) = quotientAndRemainder(dividingBy: divisor)
    return rest < 0 ? quotient - 1 : quotient
  }
}
